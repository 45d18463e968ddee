/** Every option of storescu and every default, by what the built application proposes, sends, prints and ends with. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type DimseMessage, PRIORITY, VERSION } from '../../src/index.js';
import { type Folder, sampleFolder } from '../support/apps-files.js';
import { defaultsInHelp, missingInHelp, TLS_OPTIONS } from '../support/apps-help.js';
import { acceptAssociation, scriptedPeer } from '../support/apps-peer.js';
import { type Answers, long, type Recorder, recorder, short } from '../support/apps-recorder.js';
import { withoutSummary } from '../support/apps-run.js';
import { type Ended, storescu } from '../support/processes.js';

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

/** What a run of storescu is judged by. Lists have one entry for each association, context, request or data set. */
interface Seen {
  readonly calling: readonly string[];
  readonly called: readonly string[];
  readonly maximumLength: readonly (number | undefined)[];
  readonly contexts: readonly string[];
  readonly requests: readonly string[];
  readonly dataSets: readonly string[];
  readonly endings: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
}

const DEFAULTS: Seen = {
  calling: ['ECHOSCU'],
  called: ['ANY-SCP'],
  maximumLength: [16_384],
  contexts: ['1 CT I'],
  requests: ['C-STORE-RQ 1 low'],
  dataSets: ['CT I'],
  endings: ['released'],
  stdout: '',
  stderr: '',
  code: 0,
};
const NO_ASSOCIATION: Partial<Seen> = {
  calling: [],
  called: [],
  maximumLength: [],
  contexts: [],
  requests: [],
  dataSets: [],
  endings: [],
};

const ECHO = { contexts: ['1 Echo I'], requests: ['C-ECHO-RQ 1'], dataSets: [] };
const SKIPPED = 'W: Skipped: Bad DICOM file folder/notes.txt: not a DICOM file\n';
const FOLDER_INFO = [
  'I: Requesting Association',
  'I: Association Accepted',
  'I: Sending file: folder/a.dcm',
  'I: Sending Store Request: MsgID 1, (CT)',
  'I: Received Store Response',
];
const OUT_OF_RESOURCES = '0xA700 - Failure: Out of Resources';
const REFUSED = `E: Not stored: folder/a.dcm: ${OUT_OF_RESOURCES}\n`;
const RELEASING = 'I: Releasing Association\n';

/** A command line without address and port, what the peer answers, and how what is seen differs from `DEFAULTS`. */
type Row = readonly [line: string, expected: Partial<Seen>, answers?: Answers];

const ROWS: readonly Row[] = [
  ['ct.dcm', {}],

  // Logging
  ['ct.dcm -v', { stderr: verboseLog('ct.dcm') }],
  ['--verbose ./ct.dcm', { stderr: verboseLog('./ct.dcm') }],
  ['folder', { stderr: REFUSED + SKIPPED, code: 3 }, { statuses: [0xa700] }],
  ['folder -q', { code: 3 }, { statuses: [0xa700] }],
  ['folder --quiet', { code: 3 }, { statuses: [0xa700] }],
  ['folder -ll critical', { code: 3 }, { statuses: [0xa700] }],
  ['folder -ll fatal', { code: 3 }, { statuses: [0xa700] }],
  ['folder -ll error', { stderr: REFUSED, code: 3 }, { statuses: [0xa700] }],
  ['folder --log-level=warning', { stderr: REFUSED + SKIPPED, code: 3 }, { statuses: [0xa700] }],
  ['folder -ll warn', { stderr: REFUSED + SKIPPED, code: 3 }, { statuses: [0xa700] }],
  [
    'folder -ll info',
    { stderr: `${FOLDER_INFO.join('\n')}\n${REFUSED}${SKIPPED}${RELEASING}`, code: 3 },
    { statuses: [0xa700] },
  ],
  ['folder -ll error -d', { stderr: REFUSED, code: 3 }, { statuses: [0xa700] }],
  ['folder -v -ll error', { stderr: REFUSED, code: 3 }, { statuses: [0xa700] }],
  ['folder -q -ll error', { stderr: REFUSED, code: 3 }, { statuses: [0xa700] }],

  // Application entity titles
  ['ct.dcm -aet ME -aec YOU', { calling: ['ME'], called: ['YOU'] }],
  ['ct.dcm --calling-aet SIXTEEN-LETTERS! --called-aet=A=B', { calling: ['SIXTEEN-LETTERS!'], called: ['A=B'] }],

  // Proposed transfer syntaxes, and the conversions that follow
  ['ct.dcm -pts 1', {}],
  ['ct.dcm -pts 2', { contexts: ['1 CT I L'], dataSets: ['CT I'] }],
  ['ct.dcm --propose-ts 3', { contexts: ['1 CT I L B'], dataSets: ['CT I'] }],
  ['ct.dcm -pts 3', { contexts: ['1 CT I L B'], dataSets: ['CT B'] }, { syntaxes: [long('B')] }],
  ['--echo -pts 3', { ...ECHO, contexts: ['1 Echo I L B'] }],
  ['big.dcm -xi', {}],
  ['ct.dcm --request-implicit', {}],
  ['implicit.dcm -xe', { contexts: ['1 CT L'], dataSets: ['CT L'] }],
  ['ct.dcm --request-little', { contexts: ['1 CT L'], dataSets: ['CT L'] }],
  ['ct.dcm -xb', { contexts: ['1 CT B'], dataSets: ['CT B'] }],
  ['ct.dcm --request-big', { contexts: ['1 CT B'], dataSets: ['CT B'] }],
  ['big.dcm -xo', { contexts: ['1 CT B', '3 CT I'], dataSets: ['CT B'] }],
  ['big.dcm --propose-own', { contexts: ['1 CT B', '3 CT I'], dataSets: ['CT I'] }, { syntaxes: [long('I')] }],
  ['implicit.dcm -xo', {}],
  ['jpeg.dcm', { contexts: ['1 SC JPEG', '3 SC I'], dataSets: ['SC JPEG'] }],
  ['jpeg.dcm -xb', { contexts: ['1 SC JPEG', '3 SC B'], dataSets: ['SC JPEG'] }],
  ['jpeg.dcm --no-decompress', { contexts: ['1 SC JPEG'], dataSets: ['SC JPEG'] }],
  ['deflated.dcm', { contexts: ['1 CT Deflated', '3 CT I'], dataSets: ['CT Deflated'] }],
  ['deflated.dcm', { contexts: ['1 CT Deflated', '3 CT I'], dataSets: ['CT I'] }, { syntaxes: [long('I')] }],
  [
    'ct.dcm big.dcm mr.dcm -xo',
    {
      contexts: ['1 CT L', '3 CT I', '5 CT B', '7 MR L', '9 MR I'],
      requests: ['C-STORE-RQ 1 low', 'C-STORE-RQ 2 low', 'C-STORE-RQ 3 low'],
      dataSets: ['CT L', 'CT B', 'MR L'],
    },
  ],

  // Miscellaneous DICOM; the timeouts that run out are in storescu-silence.test.ts
  ['ct.dcm -to 0 -ta 0 -td 0 -tn 0', {}],
  ['ct.dcm --timeout 9.5 --acse-timeout=9 --dimse-timeout unlimited --network-timeout 9', {}],
  ['ct.dcm -pdu 0', { maximumLength: [0] }],
  ['ct.dcm -pdu 4096', { maximumLength: [4096] }],
  ['ct.dcm --max-pdu=4294967295', { maximumLength: [4_294_967_295] }],
  ['ct.dcm --repeat 0', { requests: [], dataSets: [] }],
  ['ct.dcm --repeat 1', {}],
  [
    'ct.dcm --echo --repeat 3',
    {
      contexts: ['1 Echo I', '3 CT I'],
      requests: [
        ...['C-ECHO-RQ 1', 'C-ECHO-RQ 2', 'C-ECHO-RQ 3'],
        ...['C-STORE-RQ 4 low', 'C-STORE-RQ 5 low', 'C-STORE-RQ 6 low'],
      ],
      dataSets: ['CT I', 'CT I', 'CT I'],
    },
  ],
  ['--echo --repeat 0', { ...ECHO, requests: [] }],
  ['ct.dcm --abort', { endings: ['aborted 0/0'] }],
  ['ct.dcm --abort -v', { endings: ['aborted 0/0'], stderr: verboseLog('ct.dcm', 'Aborting') }],

  // Sending
  ['folder', { stderr: SKIPPED }],
  ...['-r', '--recurse'].map(
    (option): Row => [
      `folder ${option}`,
      {
        stderr: SKIPPED,
        contexts: ['1 CT I', '3 MR I'],
        requests: ['C-STORE-RQ 1 low', 'C-STORE-RQ 2 low'],
        dataSets: ['CT I', 'MR I'],
      },
    ],
  ),
  ['--echo', ECHO],
  [
    '--echo -v',
    {
      ...ECHO,
      stderr: [
        'I: Requesting Association',
        'I: Association Accepted',
        'I: Sending Echo Request: MsgID 1',
        'I: Received Echo Response',
        RELEASING,
      ].join('\n'),
    },
  ],
  [
    '--echo',
    { ...ECHO, stderr: 'E: Echo failed: 0x0122 - Failure: SOP Class Not Supported\n', code: 3 },
    { echoStatus: 0x0122 },
  ],
  ['ct.dcm --echo', { contexts: ['1 Echo I', '3 CT I'], requests: ['C-ECHO-RQ 1', 'C-STORE-RQ 2 low'] }],
  [
    'ct.dcm mr.dcm',
    {
      contexts: ['1 CT I', '3 MR I'],
      requests: ['C-STORE-RQ 1 low', 'C-STORE-RQ 2 low'],
      dataSets: ['CT I', 'MR I'],
      stderr: `E: Not stored: ct.dcm: ${OUT_OF_RESOURCES}\n`,
      code: 3,
    },
    { statuses: [0xa700, 0x0000] },
  ],
  [
    'ct.dcm mr.dcm --halt',
    { contexts: ['1 CT I', '3 MR I'], stderr: `E: Not stored: ct.dcm: ${OUT_OF_RESOURCES}\n`, code: 3 },
    { statuses: [0xa700, 0x0000] },
  ],
  ['ct.dcm --priority low', {}],
  ['ct.dcm --priority medium', { requests: ['C-STORE-RQ 1 medium'] }],
  ['ct.dcm --priority=high', { requests: ['C-STORE-RQ 1 high'] }],

  // General: the peer sees nothing
  ['ct.dcm --version', { ...NO_ASSOCIATION, stdout: `storescu (netdicom) ${VERSION}\n` }],
];

describe('storescu with', { concurrency: 6 }, () => {
  for (const [line, expected, answers] of ROWS) {
    const condition = answers === undefined ? '' : ` ${JSON.stringify(answers)}`;
    it(`${line}${condition}`, async () => {
      await using scp = await recorder(answers);
      const [first = '', ...rest] = line.split(' ');
      // Options may stand before, between and after the arguments.
      const args = first.startsWith('-')
        ? [first, '127.0.0.1', `${scp.port}`, ...rest]
        : ['127.0.0.1', `${scp.port}`, first, ...rest];
      const ended = await storescu(args, { cwd: folder.path });
      assert.deepEqual(seen(scp, ended), { ...DEFAULTS, ...expected });
    });
  }

  for (const option of ['-h', '--help'])
    it(`${option} names every option, its default and the exit codes`, async () => {
      const { stdout, stderr, code } = await storescu([option]);
      assert.deepEqual([stderr, code], ['', 0]);
      const options = [
        ...[
          '-q',
          '-v',
          '-d',
          '-ll',
          '-lc',
          '--log-format',
          '-aet',
          '-aec',
          '-pts',
          '-xi',
          '-xe',
          '-xb',
          '-xo',
          '-to',
          '-ta',
          '-td',
        ],
        ...[
          '--user',
          '--password-file',
          '--kerberos-file',
          '--saml-file',
          '--jwt-file',
          '--user-response',
          '-tn',
          '-pdu',
          '--repeat',
          '--abort',
          ...['--files-from', '--watch', '--watch-settle', '--watch-state', '--retry', '--retry-delay'],
          '-r',
          '--include',
          '--exclude',
          '--dry-run',
          '--echo',
          '--async-ops',
          '--jobs',
          '--halt',
          '--priority',
          '-h',
          '--help',
          '--version',
        ],
        ...[...TLS_OPTIONS, '--tls-server-name'],
        ...['0', '1', '2', '3', '130', '143'],
      ];
      assert.deepEqual(missingInHelp(stdout, options), []);
      assert.deepEqual(defaultsInHelp(stdout), [
        '--log-level warning',
        '--log-format text',
        '--calling-aet ECHOSCU',
        '--called-aet ANY-SCP',
        '--timeout unlimited',
        '--acse-timeout 30',
        '--dimse-timeout unlimited',
        '--network-timeout 60',
        '--max-pdu 16384',
        '--repeat 1',
        '--watch-settle 3',
        '--async-ops 16',
        '--jobs 1',
        '--retry 0',
        '--retry-delay 1',
        '--priority low',
        '--tls-profile bcp195',
        '--tls-server-name addr',
      ]);
    });

  it('-lc writes where the file says, and wins over -q, -v, -d and -ll', async () => {
    await using scp = await recorder({ statuses: [0xa700] });
    await writeFile(join(folder.path, 'logging.ini'), LOGGING_CONFIG);
    const args = ['127.0.0.1', `${scp.port}`, 'folder', '-lc', 'logging.ini', '-q', '-ll', 'debug'];
    const ended = await storescu(args, { cwd: folder.path });
    assert.deepEqual([ended.stdout, ended.stderr, ended.code], ['', '', 3]);
    const log = await readFile(join(folder.path, 'storescu.log'), 'utf8');
    assert.equal(
      log.replace(/ in .*\n$/, ''),
      [
        ...FOLDER_INFO.map((text) => `INFO storescu ${text.slice('I: '.length)}`),
        `ERROR storescu Not stored: folder/a.dcm: ${OUT_OF_RESOURCES}`,
        'WARNING storescu Skipped: Bad DICOM file folder/notes.txt: not a DICOM file',
        'INFO storescu Releasing Association',
        `WARNING storescu 0 stored, 1 failed (${OUT_OF_RESOURCES}), 906 bytes`,
      ].join('\n'),
    );
  });

  it('-pdu holds the peer to the length it announces', async () => {
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      await socket.message();
      const tooMuch = { presentationContextId: 1, isCommand: true, isLast: false, data: Buffer.alloc(4096) };
      socket.send({ type: 'P-DATA-TF', pdvs: [tooMuch] });
      assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 2, reason: 6 });
      socket.close();
    });
    const args = ['127.0.0.1', `${peer.port}`, 'ct.dcm', '-pdu', '4096'];
    const { stderr, code } = await storescu(args, { cwd: folder.path });
    await peer.done;
    assert.match(
      withoutSummary({ code, stderr }),
      /^E: Association Aborted \(.*\) while sending ct.dcm: .*4102 bytes.*\n$/,
    );
    assert.equal(code, 1);
  });
});

function verboseLog(path: string, ending = 'Releasing'): string {
  return [
    'I: Requesting Association',
    'I: Association Accepted',
    `I: Sending file: ${path}`,
    'I: Sending Store Request: MsgID 1, (CT)',
    'I: Received Store Response',
    `I: ${ending} Association\n`,
  ].join('\n');
}

function seen({ requests, messages, dataSets, endings }: Recorder, { stdout, stderr, code }: Ended): Seen {
  return {
    calling: requests.map((request) => request.callingAeTitle),
    called: requests.map((request) => request.calledAeTitle),
    maximumLength: requests.map((request) => request.userInformation.maximumLength),
    contexts: requests.flatMap(({ presentationContexts }) =>
      presentationContexts.map(({ id, abstractSyntax, transferSyntaxes }) =>
        [id, short(abstractSyntax), ...transferSyntaxes.map(short)].join(' '),
      ),
    ),
    requests: messages.map(requestInShort),
    dataSets,
    endings,
    stdout,
    stderr: withoutSummary({ code, stderr }),
    code,
  };
}

function requestInShort(message: DimseMessage): string {
  const id = 'messageId' in message ? ` ${message.messageId}` : '';
  if (message.type !== 'C-STORE-RQ') return `${message.type}${id}`;
  const priority = Object.entries(PRIORITY).find(([, value]) => value === message.priority)?.[0];
  return `${message.type}${id} ${priority}`;
}

const LOGGING_CONFIG = `[loggers]
keys=root

[handlers]
keys=file

[formatters]
keys=plain

[logger_root]
level=INFO
handlers=file

[handler_file]
class=FileHandler
formatter=plain
args=('storescu.log', 'w')

[formatter_plain]
format=%(levelname)s %(name)s %(message)s
`;
