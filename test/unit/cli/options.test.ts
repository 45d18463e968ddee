/** The command lines of both applications: what they mean and how a wrong one is named. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import { optionsFrom } from '../../../src/cli/given.js';
import type { Application, CommandLine } from '../../../src/cli/option-table.js';
import { scanCommandLine } from '../../../src/cli/options.js';
import { STORESCP, type StorescpOptions } from '../../../src/cli/storescp-options.js';
import { STORESCU, type StorescuOptions } from '../../../src/cli/storescu-options.js';

/** Splits at single spaces: `''` is an empty word. */
function words(line: string): string[] {
  return line === '' ? [] : line.split(' ').map((word) => (word === "''" ? '' : word));
}

/** What the command line alone comes to. */
function parseCommandLine<const A extends Application>(application: A, argv: readonly string[]): CommandLine<A> {
  const scan = scanCommandLine(application, argv);
  return scan.action === 'run' ? { action: 'run', options: optionsFrom(application, scan, []) } : scan;
}

function optionsOf(application: Application, line: string): unknown {
  const commandLine = parseCommandLine(application, words(line));
  assert.equal(commandLine.action, 'run');
  return commandLine.action === 'run' ? commandLine.options : undefined;
}

/** Without `--tls` none of the others is given. */
const TLS_DEFAULTS = {
  tls: false,
  tlsKey: undefined,
  tlsCert: undefined,
  tlsCa: [],
  tlsCrl: [],
  tlsPassphraseFile: undefined,
  tlsProfile: undefined,
} as const;

const STORESCU_DEFAULTS = {
  ...TLS_DEFAULTS,
  tlsServerName: undefined,
  verbosity: undefined,
  logLevel: undefined,
  logConfig: undefined,
  logFormat: 'text',
  callingAeTitle: 'ECHOSCU',
  calledAeTitle: 'ANY-SCP',
  identity: undefined,
  passwordFile: undefined,
  userResponse: false,
  proposal: undefined,
  connectionTimeoutMs: 0,
  acseTimeoutMs: 30_000,
  dimseTimeoutMs: 0,
  networkTimeoutMs: 60_000,
  maxPduLength: 16_384,
  repeat: 1,
  abort: false,
  recurse: false,
  include: [],
  exclude: [],
  filesFrom: undefined,
  watch: undefined,
  watchSettleMs: undefined,
  watchState: undefined,
  retry: 0,
  retryDelayMs: 1000,
  dryRun: false,
  echo: false,
  maxOperationsInvoked: 16,
  associations: 1,
  halt: false,
  noDecompress: false,
  priority: 'low',
  progressMode: undefined,
  summary: false,
  reportFile: undefined,
  resumeFile: undefined,
  json: false,
  host: 'h',
  port: 104,
  paths: ['f'],
};

const STORESCU_LINES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['h 104 f', {}],
  ['h 104 f --no-decompress', { noDecompress: true }],
  ['h 104 f --progress', { progressMode: 'always' }],
  ['--no-progress h 104 f', { progressMode: 'never' }],
  ['h 104 f --summary --json', { summary: true, json: true }],
  ['h 104 f --report a.CSV --resume b.ndjson', { reportFile: 'a.CSV', resumeFile: 'b.ndjson' }],
  ['[::1] 104 f', { host: '::1' }],
  ['h 104 a b c', { paths: ['a', 'b', 'c'] }],
  ['h 104 f -d', { verbosity: 'debug' }],
  ['-d h 104 f', { verbosity: 'debug' }],
  ['h -v 104 --abort f', { verbosity: 'info', abort: true }],
  ['h 104 a -q b', { verbosity: 'critical', paths: ['a', 'b'] }],
  ['-d -d h 104 f', { verbosity: 'debug' }],
  ['-ll warn -d h 104 f', { logLevel: 'warning', verbosity: 'debug' }],
  ['-ll fatal h 104 f', { logLevel: 'critical' }],
  ['--log-level=info -lc my.ini h 104 f', { logLevel: 'info', logConfig: 'my.ini' }],
  ['-aet ME -aec YOU h 104 f', { callingAeTitle: 'ME', calledAeTitle: 'YOU' }],
  ['--calling-aet=ME --called-aet YOU h 104 f', { callingAeTitle: 'ME', calledAeTitle: 'YOU' }],
  ['-aet=ME -aec=A=B h 104 f', { callingAeTitle: 'ME', calledAeTitle: 'A=B' }],
  ['-aet=-v h 104 f', { callingAeTitle: '-v' }],
  ['-aet ONE -aet TWO h 104 f', { callingAeTitle: 'TWO' }],
  ['--user bob h 104 f', { identity: { type: 'user', name: 'bob' } }],
  ['--user=-bob h 104 f', { identity: { type: 'user', name: '-bob' } }],
  [
    '--user bob --password-file p --user-response h 104 f',
    { identity: { type: 'user', name: 'bob' }, passwordFile: 'p', userResponse: true },
  ],
  ['--kerberos-file t h 104 f', { identity: { type: 'kerberos', path: 't' } }],
  ['--saml-file=t h 104 f', { identity: { type: 'saml', path: 't' } }],
  ['h 104 f --jwt-file t', { identity: { type: 'jwt', path: 't' } }],
  ['-pts 3 h 104 f', { proposal: 3 }],
  ['-xi h 104 f', { proposal: 'implicit' }],
  ['--request-little h 104 f', { proposal: 'little' }],
  ['-xb h 104 f', { proposal: 'big' }],
  ['-xo h 104 f', { proposal: 'own' }],
  [
    '-to 5 -ta 0 -td 2.5 -tn unlimited h 104 f',
    { connectionTimeoutMs: 5000, acseTimeoutMs: 0, dimseTimeoutMs: 2500, networkTimeoutMs: 0 },
  ],
  ['-to .0001 h 104 f', { connectionTimeoutMs: 1 }],
  ['-pdu 0 h 104 f', { maxPduLength: 0 }],
  ['-pdu 4096 h 104 f', { maxPduLength: 4096 }],
  ['--max-pdu=4294967295 h 104 f', { maxPduLength: 4_294_967_295 }],
  ['--repeat 0 h 104 f', { repeat: 0 }],
  ['-r --halt --priority high h 104 d', { recurse: true, halt: true, priority: 'high', paths: ['d'] }],
  ['--include *.dcm h 104 f', { include: ['*.dcm'] }],
  ['h 104 --watch in --watch-settle 0 --watch-state s', { watch: 'in', watchSettleMs: 0, watchState: 's', paths: [] }],
  ['--files-from - h 104', { filesFrom: '-', paths: [] }],
  ['h 104 f --files-from=list --retry 3 --retry-delay .2', { filesFrom: 'list', retry: 3, retryDelayMs: 200 }],
  ['--exclude a --include b h 104 --exclude=--c f --exclude a', { exclude: ['a', '--c', 'a'], include: ['b'] }],
  ['--echo h 104', { echo: true, paths: [] }],
  ['--halt=true --recurse=false h 104 f', { halt: true, recurse: false }],
  ['--halt --halt=false h 104 f', { halt: false }],
  ['h 104 --echo f', { echo: true }],
  ['h 104 -', { paths: ['-'] }],
  ['-d -- h 104 -v --', { verbosity: 'debug', paths: ['-v', '--'] }],
  ['h 104 -- -d', { paths: ['-d'] }],
  ['::1 65535 f', { host: '::1', port: 65_535 }],
];

const STORESCU_FAULTS: readonly (readonly [string, string])[] = [
  ['h 104 f --report out.txt', '--report: out.txt does not end in .json, .ndjson, .csv'],
  ['h 104 f --resume ndjson', '--resume: ndjson does not end in .json, .ndjson, .csv'],
  ['h 104 f --progress --no-progress', '--no-progress: not together with --progress'],
  ['', 'missing addr, port, dcmfile'],
  ['h', 'missing port, dcmfile'],
  ['h 104', 'missing dcmfile'],
  ['--echo h', 'missing port'],
  ["'' 104 f", 'addr: is empty'],
  ['h 0 f', 'port: 0 is not a number from 1 to 65535'],
  ['h 65536 f', 'port: 65536 is not a number from 1 to 65535'],
  ['h 0x68 f', 'port: 0x68 is not a number from 1 to 65535'],
  ['h -5 f', 'port: -5 is not a number from 1 to 65535'],
  ["h '' f", "port: '' is not a number from 1 to 65535"],
  ['--foo h 104 f', 'unknown option --foo'],
  ['--foo=1 h 104 f', 'unknown option --foo'],
  ['-vd h 104 f', 'unknown option -vd'],
  ['-dd h 104 f', 'unknown option -dd'],
  ['-a ME h 104 f', 'unknown option -a'],
  ['-aetME h 104 f', 'unknown option -aetME'],
  ['--aet ME h 104 f', 'unknown option --aet (did you mean -aet?)'],
  ['-max-pdu 0 h 104 f', 'unknown option -max-pdu (did you mean --max-pdu?)'],
  ['-x= h 104 f', 'unknown option -x'],
  ['h 104 f -aet', '-aet: the value is missing'],
  ['-aet -v h 104 f', '-aet: the value is missing'],
  ['--calling-aet -- h 104 f', '--calling-aet: the value is missing'],
  ['-aet= h 104 f', '-aet: an AE title is empty or all spaces'],
  ['-aec SEVENTEEN_LETTERS h 104 f', '-aec: an AE title has 17 characters, over 16'],
  ['--abort=1 h 104 f', '--abort: takes no value'],
  ['-xe=true h 104 f', '-xe: takes no value'],
  ['--echo=false h 104', 'missing dcmfile'],
  ['--recusre h 104 f', 'unknown option --recusre (did you mean --recurse?)'],
  ['--callaed-aet=A h 104 f', 'unknown option --callaed-aet (did you mean --called-aet?)'],
  ['--config= h 104 f', '--config: is empty'],
  ['--config', '--config: the value is missing'],
  ['--completion', '--completion: the value is missing'],
  ['--completion tcsh', '--completion: tcsh is not one of bash, zsh, fish'],
  ['-d= h 104 f', '-d: takes no value'],
  ['-q -v h 104 f', '-v: not together with -q'],
  ['--debug -v h 104 f', '-v: not together with --debug'],
  ['-xi h 104 f -xo', '-xo: not together with -xi'],
  ['--user bob --jwt-file t h 104 f', '--jwt-file: not together with --user'],
  ['--saml-file a --kerberos-file b h 104 f', '--kerberos-file: not together with --saml-file'],
  ["--user '' h 104 f", '--user: is empty'],
  ['--jwt-file= h 104 f', '--jwt-file: is empty'],
  ['--password bob h 104 f', 'unknown option --password'],
  ['--user-response=1 h 104 f', '--user-response: takes no value'],
  ['-pts 2 -xe h 104 f', '-xe: not together with -pts'],
  ['-pts 0 h 104 f', '-pts: 0 is not a number from 1 to 3'],
  ['-pts 4 h 104 f', '-pts: 4 is not a number from 1 to 3'],
  ['-ll loud h 104 f', '-ll: loud is not one of critical, error, warning, info, debug, warn, fatal'],
  ['-ll constructor h 104 f', '-ll: constructor is not one of critical, error, warning, info, debug, warn, fatal'],
  ['--priority urgent h 104 f', '--priority: urgent is not one of low, medium, high'],
  ['-pdu 100 h 104 f', '-pdu: 100 is not 0 or a number from 4096 to 4294967295'],
  ['-pdu 4294967296 h 104 f', '-pdu: 4294967296 is not 0 or a number from 4096 to 4294967295'],
  ['-pdu -1 h 104 f', '-pdu: -1 is not 0 or a number from 4096 to 4294967295'],
  ['--repeat -1 h 104 f', '--repeat: -1 is not a number from 0 up'],
  ['--repeat 1.5 h 104 f', '--repeat: 1.5 is not a number from 0 up'],
  ['-to -1 h 104 f', '-to: -1 is not a number of seconds from 0 to 2147483 (0 = unlimited)'],
  ['-ta 1e3 h 104 f', '-ta: 1e3 is not a number of seconds from 0 to 2147483 (0 = unlimited)'],
  ['-td 2147484 h 104 f', '-td: 2147484 is not a number of seconds from 0 to 2147483 (0 = unlimited)'],
  ['-tn Infinity h 104 f', '-tn: Infinity is not a number of seconds from 0 to 2147483 (0 = unlimited)'],
  ["-lc '' h 104 f", '-lc: is empty'],
  ["--include a --include '' h 104 f", '--include: is empty'],
  ['--exclude -r h 104 f', '--exclude: the value is missing'],
  ['--retry -1 h 104 f', '--retry: -1 is not a number from 0 up'],
  ['--retry-delay unlimited h 104 f', '--retry-delay: unlimited is not a number of seconds from 0 to 86400'],
  ['--\nE:forged h 104 f', 'unknown option --\\nE:forged'],
];

const STORESCP_DEFAULTS = {
  ...TLS_DEFAULTS,
  tlsClientAuth: undefined,
  verbosity: undefined,
  logLevel: undefined,
  logConfig: undefined,
  logFormat: 'text',
  aeTitle: 'STORESCP',
  connectionTimeoutMs: 0,
  acseTimeoutMs: 30_000,
  dimseTimeoutMs: 0,
  networkTimeoutMs: 60_000,
  maxPduLength: 16_384,
  ignore: false,
  bindAddress: undefined,
  noEcho: false,
  promiscuous: false,
  maxAssociations: 100,
  maxOperationsPerformed: 16,
  acceptCallingAeTitles: [],
  acceptCalledAeTitles: [],
  acceptHosts: [],
  maxAssociationsPerHost: undefined,
  usersFile: undefined,
  hashPassword: undefined,
  preference: 'local',
  acceptNative: false,
  outputDirectory: '.',
  outputPattern: undefined,
  onDuplicate: 'replace',
  noFsync: false,
  events: undefined,
  execCommand: undefined,
  execStudyCommand: undefined,
  studyTimeoutMs: 60_000,
  execJobs: 1,
  execTimeoutMs: 3_600_000,
  statsMs: undefined,
  summary: false,
  metricsPort: undefined,
  metricsAddress: '127.0.0.1',
  port: 11_112,
};

const STORESCP_LINES: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ['11112', {}],
  ['0', { port: 0 }],
  ['11112 -v', { verbosity: 'info' }],
  ['-aet ME 11112', { aeTitle: 'ME' }],
  ['-x= 11112', { preference: 'local' }],
  ['--prefer-uncompr 11112', { preference: 'local' }],
  ['-xe 11112', { preference: 'little' }],
  ['-xb 11112', { preference: 'big' }],
  ['11112 -xi --accept-native', { preference: 'implicit', acceptNative: true }],
  ['-od in 11112', { outputDirectory: 'in' }],
  ['-od - 11112', { outputDirectory: '-' }],
  ['--events - 11112', { events: '-' }],
  [
    '11112 --exec run --exec-study=end --exec-jobs 4 --exec-timeout 0 --study-timeout 1.5',
    {
      execCommand: { program: 'run', words: [] },
      execStudyCommand: { program: 'end', words: [] },
      execJobs: 4,
      execTimeoutMs: 0,
      studyTimeoutMs: 1500,
    },
  ],
  [
    '--ignore --no-echo --promiscuous --no-fsync 11112',
    { ignore: true, noEcho: true, promiscuous: true, noFsync: true },
  ],
  [
    '--accept-calling A --accept-calling=B,C --accept-called D 11112',
    { acceptCallingAeTitles: ['A', 'B,C'], acceptCalledAeTitles: ['D'] },
  ],
  [
    '--accept-host 10.0.0.0/8 --accept-host ::1 --max-associations-per-host 3 11112',
    { acceptHosts: ['10.0.0.0/8', '::1'], maxAssociationsPerHost: 3 },
  ],
  ['11112 --log-format json -v', { logFormat: 'json', verbosity: 'info' }],
  ['--stats 60 --summary 11112', { statsMs: 60_000, summary: true }],
  ['--stats .25 --metrics-port 0 11112', { statsMs: 250, metricsPort: 0 }],
  ['--metrics-port=9464 --metrics-address :: 11112', { metricsPort: 9464, metricsAddress: '::' }],
  ['--users users.txt 11112', { usersFile: 'users.txt' }],
  ['--hash-password bob', { hashPassword: 'bob', port: undefined }],
  ['--hash-password bob 11112', { hashPassword: 'bob' }],
  ['--hash-password=Ju\u0308rgen', { hashPassword: 'J\u00fcrgen', port: undefined }],
  [
    '--tls --tls-key k --tls-cert c --tls-ca a --tls-ca b --tls-crl d --tls-profile bcp195-extended --tls-client-auth none 11112',
    {
      ...{ tls: true, tlsKey: 'k', tlsCert: 'c', tlsCa: ['a', 'b'], tlsCrl: ['d'] },
      ...{ tlsProfile: 'bcp195-extended', tlsClientAuth: 'none' },
    },
  ],
  [
    '--output-pattern {{a}}{PatientID}/{now:YYYY/MM}.{SOPInstanceUID:hash}.dcm --on-duplicate keep 11112',
    {
      outputPattern: {
        text: '{{a}}{PatientID}/{now:YYYY/MM}.{SOPInstanceUID:hash}.dcm',
        parts: [
          ['{', 'a', '}', { name: 'PatientID', modifier: undefined }],
          [{ name: 'now', modifier: 'YYYY' }],
          [{ name: 'now', modifier: 'MM' }, '.', { name: 'SOPInstanceUID', modifier: 'hash' }, '.dcm'],
        ],
      },
      onDuplicate: 'keep',
    },
  ],
  ['-ba [::1] --metrics-address=[fe80::1%eth0] 11112', { bindAddress: '::1', metricsAddress: 'fe80::1%eth0' }],
  ['-ba ::1 --max-associations 1 11112', { bindAddress: '::1', maxAssociations: 1 }],
  [
    '-to 1 -ta 2 -td 3 -tn 4 -pdu 0 11112',
    { connectionTimeoutMs: 1000, acseTimeoutMs: 2000, dimseTimeoutMs: 3000, networkTimeoutMs: 4000, maxPduLength: 0 },
  ],
];

const STORESCP_FAULTS: readonly (readonly [string, string])[] = [
  ['11112 --exec={path}', '--exec: the program, which is the first word, takes no placeholder'],
  ['11112 --exec-study "run', '--exec-study: the quotation mark " has no end'],
  ['11112 --exec-jobs 0', '--exec-jobs: 0 is not a number from 1 to 1000'],
  ['', 'missing port'],
  ['-v', 'missing port'],
  ['11112 extra', 'unexpected argument extra'],
  ['11112 -- -v', 'unexpected argument -v'],
  ['65536', 'port: 65536 is not a number from 0 to 65535'],
  ['-x 11112', 'unknown option -x (did you mean -x=?)'],
  ['-x=e 11112', 'unknown option -x (did you mean -x=?)'],
  ['-x= -xe 11112', '-xe: not together with -x='],
  ['--implicit 11112 --prefer-big', '--prefer-big: not together with --implicit'],
  ['-od 11112', 'missing port'],
  ['-od -v 11112', '-od: the value is missing'],
  [
    '--accept-host 10.0.0.0/33 11112',
    '--accept-host: "10.0.0.0/33" is no IP address or network such as 192.168.0.0/16 or fd00::/8',
  ],
  ['--accept-calling SEVENTEEN-LETTERS 11112', '--accept-calling: an AE title has 17 characters, over 16'],
  ['--max-associations-per-host 0 11112', '--max-associations-per-host: 0 is not a number from 1 up'],
  ["--hash-password ''", '--hash-password: is empty'],
  ['--hash-password #bob', '--hash-password: begins with #, as comments do'],
  ['--hash-password', '--hash-password: the value is missing'],
  ['--users users.txt', 'missing port'],
  ['11112 --tls-client-auth maybe', '--tls-client-auth: maybe is not one of require, request, none'],
  ['11112 --tls-profile basic', '--tls-profile: basic is not one of bcp195, bcp195-extended'],
  ['11112 --tls-passphrase secret', 'unknown option --tls-passphrase'],
  ['--max-associations 0 11112', '--max-associations: 0 is not a number from 1 up'],
  ["--output-pattern '' 11112", '--output-pattern: is empty'],
  [
    '--output-pattern /a/{SOPInstanceUID} 11112',
    '--output-pattern: /a/{SOPInstanceUID} is an absolute path; it is to lead on from the output directory',
  ],
  [
    '--output-pattern {SOPInstanceUID 11112',
    '--output-pattern: {SOPInstanceUID has a { without its counterpart; write {{ for a brace',
  ],
  [
    '--output-pattern SOPInstanceUID} 11112',
    '--output-pattern: SOPInstanceUID} has a } without its counterpart; write }} for a brace',
  ],
  ['--output-pattern {} 11112', '--output-pattern: {} has a { without its counterpart; write {{ for a brace'],
  ['--output-pattern a//{SOPInstanceUID} 11112', '--output-pattern: a//{SOPInstanceUID} has a part without a name'],
  ['--output-pattern {SOPInstanceUID}/ 11112', '--output-pattern: {SOPInstanceUID}/ has a part without a name'],
  [
    '--output-pattern a:{SOPInstanceUID} 11112',
    '--output-pattern: a:{SOPInstanceUID} has a :, which cannot be in the name of a file everywhere',
  ],
  ...[
    '../{SOPInstanceUID}',
    './{SOPInstanceUID}',
    '.a/{SOPInstanceUID}',
    'a./{SOPInstanceUID}',
    'a/-{SOPInstanceUID}',
  ].map((pattern): [string, string] => [
    `--output-pattern ${pattern} 11112`,
    `--output-pattern: ${pattern} has a part that begins with a dot, space or hyphen, or ends with a dot or space`,
  ]),
  ['--on-duplicate ask 11112', '--on-duplicate: ask is not one of replace, keep, reject'],
  ['-aet \\ 11112', '-aet: not an AE title: "\\" has a backslash, control or non-ASCII character'],
];

function faultOf(application: Application, argv: readonly string[]): string {
  try {
    parseCommandLine(application, argv);
  } catch (error) {
    assert.ok(error instanceof CommandLineError, String(error));
    return error.message;
  }
  assert.fail('no fault found');
}

describe('the command line of storescu', () => {
  for (const [line, expected] of STORESCU_LINES)
    it(`reads ${line}`, () =>
      assert.deepEqual(optionsOf(STORESCU, line), { ...STORESCU_DEFAULTS, ...expected } satisfies Record<
        keyof StorescuOptions,
        unknown
      >));
  for (const [line, message] of STORESCU_FAULTS)
    it(`faults ${JSON.stringify(line)}`, () => assert.equal(faultOf(STORESCU, words(line)), message));
});

describe('the command line of storescp', () => {
  for (const [line, expected] of STORESCP_LINES)
    it(`reads ${line}`, () =>
      assert.deepEqual(optionsOf(STORESCP, line), { ...STORESCP_DEFAULTS, ...expected } satisfies Record<
        keyof StorescpOptions,
        unknown
      >));
  for (const [line, message] of STORESCP_FAULTS)
    it(`faults ${JSON.stringify(line)}`, () => assert.equal(faultOf(STORESCP, words(line)), message));
});

describe('every command line', () => {
  it('may ask for help or version, whatever follows', () => {
    for (const application of [STORESCU, STORESCP]) {
      for (const line of ['-h', '--help', '-v --help --foo', '-h -h', '-pdu 1 -h'])
        assert.deepEqual(parseCommandLine(application, words(line)), { action: 'help' }, line);
      for (const line of ['--version', 'h --version --foo'])
        assert.deepEqual(parseCommandLine(application, words(line)), { action: 'version' }, line);
    }
  });

  it('may ask for the completion of a shell', () => {
    for (const application of [STORESCU, STORESCP])
      for (const line of ['--completion zsh', '-v --completion=zsh --foo'])
        assert.deepEqual(parseCommandLine(application, words(line)), { action: 'completion', shell: 'zsh' }, line);
  });

  it('asks for nothing after --', () => {
    assert.deepEqual(optionsOf(STORESCU, 'h 104 -- --help'), { ...STORESCU_DEFAULTS, paths: ['--help'] });
  });

  it('is read or faulted in one printable line', () => {
    const names = [STORESCU, STORESCP].flatMap(({ groups }) =>
      groups.flatMap(({ options }) => options.map(({ long }) => long)),
    );
    const word = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 6 }),
      fc.constantFrom(...names, '-x=', '-d', '--', '1'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
        for (const application of [STORESCU, STORESCP]) {
          try {
            parseCommandLine(application, argv);
          } catch (error) {
            assert.ok(error instanceof CommandLineError, String(error));
            assert.doesNotMatch(error.message, /\p{Cc}/u);
          }
        }
      }),
    );
  });

  it('may have more words than a call has arguments', () => {
    const paths = Array.from({ length: 300_000 }, () => 'f');
    const commandLine = parseCommandLine(STORESCU, ['h', '104', '--', ...paths]);
    assert.equal(commandLine.action === 'run' && commandLine.options.paths.length, 300_000);
  });
});
