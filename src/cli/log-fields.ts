/** What a line of `--log-format json` has besides its text: names that programs read, so they stay as they are. */

/** Every field with what it holds: docs/logging.md has this table. Which of them a line has depends on what it is about. */
export const LOG_FIELDS = {
  event: 'What happened, in a word that stays the same: see below',
  association: 'Number of the association, from 1 in each run; 0 is the server itself',
  peer: 'Address and port of the other side',
  callingAet: 'AE title of the requestor',
  calledAet: 'AE title that it called',
  direction: '`incoming` or `outgoing`: who sent the message; of `answered`, who sent the request',
  command: 'Name of the message, such as `C-STORE-RQ`',
  messageId: 'Message ID of the request',
  contextId: 'Presentation context ID',
  sopClassUid: 'Affected SOP Class UID',
  sopInstanceUid: 'Affected SOP Instance UID',
  transferSyntax: 'UID of the transfer syntax that was accepted for the context',
  status: 'Status, four hexadecimal digits such as `A700`',
  statusMeaning: 'The status in words',
  errorComment: 'Error Comment of the response',
  bytes: 'Length of the data set as it was transferred; of `stats` and `summary`, of all of them',
  ms: 'Milliseconds from the request to its response; of `released` and `aborted`, that the association was open',
  path: 'The file; of `storing`, below the output directory',
  result: 'Of a rejection (PS3.8 Table 9-21)',
  source: 'Of a rejection or an abort',
  reason: 'Of a rejection or an abort',
  by: 'Who aborted: `peer`, `local`, `provider`, or `transport` for a connection that was lost',
  error: 'Stable code of the error, such as `TIMEOUT`',
  tls: 'Version of TLS',
  user: 'Name of the user',
  signal: 'The signal',
  address: 'Address that is listened on; `::` is all',
  port: 'TCP port that is listened on',
  aet: 'Our AE title',
  directory: 'Output directory',
  url: 'Where the metrics are',
  seconds: 'Of `stats`, since the last line; of `summary`, since the start',
  openAssociations: 'Associations that are open',
  associations: 'Associations that were asked for and have ended',
  released: 'Of these, released',
  rejected: 'Of these, rejected',
  abortedByPeer: 'Of these, aborted by the peer',
  abortedByUs: 'Of these, aborted by us',
  lost: 'Of these, lost with the connection',
  objects: 'Objects that were stored; of a line with a status, answered with that',
  failures: 'Objects that were answered with a failure',
  newObjects: 'Objects that were stored since the last line',
  newBytes: 'Bytes of data sets since the last line',
  memoryBytes: 'Resident memory of the process',
} as const;

/** Values from peers are as they came, cut after 256 characters; undefined ones are left out. */
export type LogFields = {
  readonly [name in keyof typeof LOG_FIELDS]?: string | number | undefined;
};

const MAX_LENGTH = 256;

/** A text of a peer, which may be as long as a length field allows. */
export function cut(text: string | undefined): string | undefined {
  if (text === undefined || text.length <= MAX_LENGTH) return text;
  return `${text.slice(0, MAX_LENGTH)}... (${text.length} characters)`;
}

/** `A700`. */
export function statusCode(status: number): string {
  return status.toString(16).toUpperCase().padStart(4, '0');
}
