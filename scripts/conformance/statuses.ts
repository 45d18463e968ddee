/** The tables of statuses (PS3.7 Annex C, PS3.4 B.2.3): what storescp answers, and what storescu makes of an answer. */
import { describeStatus, STATUS, type Status } from '../../src/dimse/status.js';
import { table } from './markdown.js';

/** When storescp says so; undefined for what it never says itself. A test holds this against the code. */
export const WHEN: Readonly<Record<keyof typeof STATUS, string | undefined>> = {
  success:
    'C-STORE: the file is whole, on the disk and under its final name (`--no-fsync`: not flushed). C-ECHO: always',
  processingFailure: 'a fault of the application',
  duplicateInstance:
    '`--on-duplicate reject`: a file has the name already; `keep`: it has, and holds another data set. It stays',
  invalidInstance: 'the SOP Class or Instance UID in the command is not made of digits and dots',
  sopClassNotSupported: 'the operation is known, but not for this SOP class',
  duplicateInvocation: 'the message id is that of a request that is not answered yet',
  unrecognizedOperation: 'any operation but C-ECHO and C-STORE',
  resourceLimitation: undefined,
  outOfResources: 'the file cannot be written: disk full, directory gone, no permission',
  dataSetDoesNotMatch: 'SOP Class or Instance UID differ in command and data set',
  cannotUnderstand: 'no data set, or not one in the accepted transfer syntax',
};

/** Keys of `STATUS` without those that nothing in storescp sends. */
export function sentStatuses(): string {
  const rows = Object.entries(STATUS).flatMap(([name, code]) => {
    const when = Object.entries(WHEN).find(([key]) => key === name)?.[1];
    return when === undefined ? [] : [[hex(code), describeStatus(code).meaning, when]];
  });
  return table(['Status', 'Meaning', 'Sent when'], rows);
}

const TAKEN_FOR: Readonly<Record<Status['category'], string>> = {
  success: 'stored',
  warning: 'stored, with a warning in the log',
  failure: 'not stored',
  cancel: 'not stored',
  pending: 'not stored',
};

/** Every status there can be, in as few lines as say the same. */
export function receivedStatuses(): string {
  const runs: { first: number; last: number; status: Status }[] = [];
  for (let code = 0; code <= 0xffff; code++) {
    const status = describeStatus(code);
    const run = runs.at(-1);
    if (run?.status.meaning === status.meaning && run.status.category === status.category) run.last = code;
    else runs.push({ first: code, last: code, status });
  }
  const named = runs.filter(({ status }) => status.meaning !== 'Unknown Status');
  const rows = named.map(({ first, last, status }) => [
    first === last ? hex(first) : `${hex(first)} to ${hex(last)}`,
    status.meaning,
    status.category,
    TAKEN_FOR[status.category],
  ]);
  return table(
    ['Status', 'Meaning', 'Category', 'Taken for'],
    [...rows, ['any other', describeStatus(0x0002).meaning, 'failure', TAKEN_FOR.failure]],
  );
}

function hex(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(4, '0')}H`;
}
