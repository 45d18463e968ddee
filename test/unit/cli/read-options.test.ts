/** Where options are taken from: command line before environment before config file before default; and what is at fault. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import type { Application, OptionsOf } from '../../../src/cli/option-table.js';
import { readOptions } from '../../../src/cli/read-options.js';
import { STORESCP, type StorescpOptions } from '../../../src/cli/storescp-options.js';
import { STORESCU, type StorescuOptions } from '../../../src/cli/storescu-options.js';

let folder = '';
let path = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-config-'));
  path = join(folder, 'site.json');
});
after(() => rmSync(folder, { recursive: true }));

/** What is given where: words between spaces; variables without NETDICOM_; the content of a config file, a text as it stands. */
type Places = readonly [line: string, environment: string, config?: Readonly<Record<string, unknown>> | string];

type Expected<Options> = { readonly [K in keyof Options]?: unknown };

async function optionsOf<const A extends Application>(application: A, places: Places): Promise<OptionsOf<A>> {
  const [line, environment, config] = places;
  if (config !== undefined) writeFileSync(path, typeof config === 'string' ? config : JSON.stringify(config));
  const argv = [...(config === undefined ? [] : ['--config', path]), ...words(line)];
  const variables = words(environment).map((word) => `NETDICOM_${word}`.split('='));
  const commandLine = await readOptions(application, argv, Object.fromEntries(variables));
  if (commandLine.action !== 'run') assert.fail(commandLine.action);
  return commandLine.options;
}

function words(line: string): readonly string[] {
  return line.split(' ').filter((word) => word !== '');
}

async function faultOf(application: Application, places: Places): Promise<string> {
  try {
    await optionsOf(application, places);
  } catch (error) {
    assert.ok(error instanceof CommandLineError, String(error));
    assert.doesNotMatch(error.message, /\p{Cc}/u);
    return error.message.replaceAll(`${folder}/`, '');
  }
  assert.fail('no fault found');
}

const FILE = { 'called-aet': 'FILE' };

const STORESCU_PLACES: readonly (readonly [string, Places, Expected<StorescuOptions>])[] = [
  ['the command line first', ['h 1 f -aec LINE', 'CALLED_AET=VARIABLE', FILE], { calledAeTitle: 'LINE' }],
  ['the environment second', ['h 1 f', 'CALLED_AET=VARIABLE', FILE], { calledAeTitle: 'VARIABLE' }],
  ['the file third', ['h 1 f', '', FILE], { calledAeTitle: 'FILE' }],
  ['the default last', ['h 1 f', '', {}], { calledAeTitle: 'ANY-SCP' }],
  ['a variable without a value as not set', ['h 1 f', 'CALLED_AET=', FILE], { calledAeTitle: 'FILE' }],
  ['no variable for an option that has none', ['h 1 f', 'PORT=2 ABORT=true', {}], { port: 1, abort: false }],
  ['a weaker value that is wrong as none', ['h 1 f -pdu 0', 'MAX_PDU=tcp://10.0.0.1:104'], { maxPduLength: 0 }],
  // Options that exclude one another.
  ['-xe before propose-own', ['h 1 f -xe', '', { 'propose-own': true }], { proposal: 'little' }],
  ['-pts before propose-own', ['h 1 f -pts 2', '', { 'propose-own': true }], { proposal: 2 }],
  ['propose-own', ['h 1 f', '', { 'propose-own': true, 'request-big': false }], { proposal: 'own' }],
  [
    '-d before the level of the environment',
    ['h 1 f -d', 'LOG_LEVEL=error'],
    { verbosity: 'debug', logLevel: undefined },
  ],
  [
    'the level of the environment before all of the file',
    ['h 1 f', 'LOG_LEVEL=error', { verbose: true, 'log-config': 'log.ini' }],
    { verbosity: undefined, logLevel: 'error', logConfig: undefined },
  ],
  ['level and flag of one place', ['h 1 f -d -ll info', ''], { verbosity: 'debug', logLevel: 'info' }],
  [
    'a token before a user and the password',
    ['h 1 f --jwt-file t', '', { user: 'bob', 'password-file': 'p' }],
    { identity: { type: 'jwt', path: 't' }, passwordFile: undefined },
  ],
  // Flags and lists.
  ['a flag of the file', ['h 1 f', '', { halt: true, abort: false }], { halt: true, abort: false }],
  ['a flag that the command line takes back', ['h 1 f --halt=false', '', { halt: true }], { halt: false }],
  ['a list', ['h 1 f', '', { include: ['a', 'b'], exclude: 'c' }], { include: ['a', 'b'], exclude: ['c'] }],
  ['a list that replaces a list', ['h 1 f --include x', '', { include: ['a', 'b'] }], { include: ['x'] }],
  ['a list of nothing', ['h 1 f', '', { include: [] }], { include: [] }],
  // Numbers.
  [
    'numbers and their words',
    ['h 1 f', '', { repeat: 3, 'max-pdu': 65_536, timeout: 2.5, 'acse-timeout': 1e-7, 'dimse-timeout': 'unlimited' }],
    { repeat: 3, maxPduLength: 65_536, connectionTimeoutMs: 2500, acseTimeoutMs: 1, dimseTimeoutMs: 0 },
  ],
  ['numbers of the environment', ['h 1 f', 'ACSE_TIMEOUT=2.5 MAX_PDU=0'], { acseTimeoutMs: 2500, maxPduLength: 0 }],
  // Arguments.
  ['all arguments of the file', ['', '', { addr: 'p', port: 1, dcmfile: 'f' }], { host: 'p', port: 1, paths: ['f'] }],
  ['words as files', ['a b', '', { addr: 'p', port: 1 }], { host: 'p', port: 1, paths: ['a', 'b'] }],
  ['words instead of files', ['a', '', { addr: 'p', port: 1, dcmfile: ['f', 'g'] }], { host: 'p', paths: ['a'] }],
  ['words for what the file leaves', ['h a', '', { port: 1 }], { host: 'h', port: 1, paths: ['a'] }],
  ['no file with echo', ['', '', { addr: 'p', port: 1, echo: true }], { host: 'p', echo: true, paths: [] }],
  // JSON.
  ['$schema as nothing', ['h 1 f', '', { $schema: '../storescu.schema.json' }], {}],
  ['escapes', ['h 1 f', '', '{"called-\\u0061et": "A\\u0042"}'], { calledAeTitle: 'AB' }],
  ['a byte order mark', ['h 1 f', '', '\ufeff{"called-aet": "AB"}'], { calledAeTitle: 'AB' }],
];

const STORESCP_PLACES: readonly (readonly [string, Places, Expected<StorescpOptions>])[] = [
  ['the port of the command line first', ['1', 'PORT=2', { port: 3 }], { port: 1 }],
  ['the port of the environment second', ['', 'PORT=2', { port: 3 }], { port: 2 }],
  ['the port of the file third', ['', '', { port: 3 }], { port: 3 }],
  ['no port of the environment to hash a password', ['--hash-password bob', 'PORT=2'], { port: undefined }],
  ['users', ['1', 'USERS=/run/secrets/users', { users: 'users.txt' }], { usersFile: '/run/secrets/users' }],
  ['-x= before implicit', ['1 -x=', '', { implicit: true }], { preference: 'local' }],
  ['the default of several flags', ['1', '', { implicit: false }], { preference: 'local' }],
  [
    'what a container sets',
    ['', 'PORT=0 AETITLE=ARCHIVE OUTPUT_DIRECTORY=/data BIND_ADDRESS=::1 MAX_ASSOCIATIONS=5 LOG_LEVEL=info'],
    {
      port: 0,
      aeTitle: 'ARCHIVE',
      outputDirectory: '/data',
      bindAddress: '::1',
      maxAssociations: 5,
      logLevel: 'info',
    },
  ],
];

const FAULTS: readonly (readonly [Application, Places, string])[] = [
  // The environment.
  [
    STORESCU,
    ['h 1 f', 'CALLED_AET=A\\B'],
    'NETDICOM_CALLED_AET: not an AE title: "A\\B" has a backslash, control or non-ASCII character',
  ],
  [
    STORESCU,
    ['h 1 f', 'LOG_LEVEL=loud'],
    'NETDICOM_LOG_LEVEL: loud is not one of critical, error, warning, info, debug, warn, fatal',
  ],
  [STORESCP, ['', 'PORT=http'], 'NETDICOM_PORT: http is not a number from 0 to 65535'],
  [STORESCP, ['', 'OUTPUT_DIRECTORY=.'], 'missing port'],
  // What is no JSON.
  [STORESCP, ['1', '', ''], 'site.json:1:1: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{\n  "aetitle": \n'], 'site.json:2:13: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{\n'], 'site.json:1:2: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{\n  "aetitle": "X",\n'], 'site.json:2:18: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"accept-calling": ["A"'], 'site.json:1:24: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"accept-calling": ["A", '], 'site.json:1:25: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"a"'], 'site.json:1:5: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"port": 1'], 'site.json:1:11: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"aetitle": "X'], 'site.json:1:15: not JSON: the file ends too early'],
  [STORESCP, ['1', '', '{"ignore": tru'], 'site.json:1:12: not JSON: tru is not expected here'],
  [STORESCP, ['1', '', '{"port": 1}\n{'], 'site.json:2:1: not JSON: { is not expected here'],
  [STORESCP, ['1', '', '{"port": 1} 2'], 'site.json:1:13: not JSON: 2 is not expected here'],
  [STORESCP, ['1', '', '{"port" 1'], 'site.json:1:9: not JSON: 1 is not expected here'],
  [STORESCP, ['1', '', '{"aetitle": "A",\n}'], 'site.json:2:1: not JSON: } is not expected here'],
  [STORESCP, ['1', '', '["A",]'], 'site.json:1:6: not JSON: ] is not expected here'],
  [STORESCP, ['1', '', '{\n  "aetitle": "A",\n}\n'], 'site.json:3:1: not JSON: } is not expected here'],
  [STORESCP, ['1', '', '{\n  "aetitle": ARCHIVE\n}'], 'site.json:2:14: not JSON: ARCHIVE is not expected here'],
  [STORESCP, ['1', '', "{'aetitle': 1}"], "site.json:1:2: not JSON: ' is not expected here"],
  [STORESCP, ['1', '', '{\n// mine\n}'], 'site.json:2:1: not JSON: / is not expected here'],
  [STORESCP, ['1', '', '{"a\u001b": 1}'], 'site.json:1:2: unknown option a\\x1b'],
  // What is no object of known options.
  [STORESCP, ['1', '', '["-v"]'], 'site.json:1:1: a list is not an object of options'],
  [STORESCP, ['1', '', 'null'], 'site.json:1:1: null is not an object of options'],
  [
    STORESCP,
    ['1', '', '{\n  "verbose": true,\n  "ae-title": "A"\n}'],
    'site.json:3:3: unknown option ae-title (did you mean aetitle?)',
  ],
  [
    STORESCP,
    ['1', '', { output_directory: '.' }],
    'site.json:1:2: unknown option output_directory (did you mean output-directory?)',
  ],
  [STORESCP, ['1', '', { '--aetitle': 'A' }], 'site.json:1:2: unknown option --aetitle (did you mean aetitle?)'],
  [
    STORESCP,
    ['1', '', { 'max-asociation': 1 }],
    'site.json:1:2: unknown option max-asociation (did you mean max-associations?)',
  ],
  [STORESCP, ['1', '', { 'called-aet': 'A' }], 'site.json:1:2: unknown option called-aet'],
  [STORESCP, ['1', '', { config: 'other.json' }], 'site.json:1:2: unknown option config'],
  [STORESCP, ['1', '', { help: true }], 'site.json:1:2: unknown option help'],
  [STORESCP, ['1', '', '{"__proto__": {"port": 1}}'], 'site.json:1:2: unknown option __proto__'],
  [STORESCP, ['1', '', '{"port": 1, "port": 2}'], 'site.json:1:13: port is there twice'],
  // Values.
  [
    STORESCP,
    ['1', '', '{\n  "aetitle": "SEVENTEEN-LETTERS"\n}'],
    'site.json:2:14: aetitle: an AE title has 17 characters, over 16',
  ],
  [STORESCP, ['1', '', { aetitle: 7 }], 'site.json:1:12: aetitle: 7 is not a text in quotes'],
  [STORESCP, ['1', '', { aetitle: ['A'] }], 'site.json:1:12: aetitle: a list is not a text in quotes'],
  [STORESCP, ['1', '', { ignore: 'yes' }], 'site.json:1:11: ignore: "yes" is not true or false'],
  [STORESCP, ['1', '', { verbose: null }], 'site.json:1:12: verbose: null is not true or false'],
  [STORESCP, ['1', '', { 'max-pdu': '16384' }], 'site.json:1:12: max-pdu: "16384" is not a number'],
  [
    STORESCP,
    ['1', '', { 'max-pdu': 100 }],
    'site.json:1:12: max-pdu: 100 is not 0 or a number from 4096 to 4294967295',
  ],
  [
    STORESCP,
    ['1', '', { 'max-pdu': 5000.5 }],
    'site.json:1:12: max-pdu: 5000.5 is not 0 or a number from 4096 to 4294967295',
  ],
  [STORESCP, ['1', '', { timeout: '5' }], 'site.json:1:12: timeout: "5" is not a number or "unlimited"'],
  [
    STORESCP,
    ['1', '', { timeout: -1 }],
    'site.json:1:12: timeout: -1 is not a number of seconds from 0 to 2147483 (0 = unlimited)',
  ],
  [
    STORESCP,
    ['1', '', { 'log-level': 'loud' }],
    'site.json:1:14: log-level: loud is not one of critical, error, warning, info, debug, warn, fatal',
  ],
  [STORESCU, ['h 1 f', '', { include: ['a', 7] }], 'site.json:1:17: include: 7 is not a text in quotes'],
  [STORESCU, ['h 1 f', '', { include: ['a', ''] }], 'site.json:1:12: include: is empty'],
  [
    STORESCU,
    ['h 1 f -aec A', '', { 'called-aet': '' }],
    'site.json:1:15: called-aet: an AE title is empty or all spaces',
  ],
  [STORESCU, ['h 1 f', '', { quiet: true, verbose: true }], 'site.json:1:15: verbose: not together with quiet'],
  [
    STORESCU,
    ['h 1 f', '', { 'propose-ts': 1, 'propose-own': true }],
    'site.json:1:17: propose-own: not together with propose-ts',
  ],
  // Arguments.
  [STORESCU, ['', '', {}], 'missing addr, port, dcmfile'],
  [STORESCU, ['', '', { addr: 'p', port: 1 }], 'missing dcmfile'],
  [STORESCU, ['', '', { addr: 'p', port: 1, dcmfile: [] }], 'missing dcmfile'],
  [STORESCU, ['', '', { addr: 'p', port: 1, echo: false }], 'missing dcmfile'],
  [STORESCU, ['f', '', { addr: 'p', port: 0 }], 'site.json:1:20: port: 0 is not a number from 1 to 65535'],
  [STORESCP, ['1 2', '', { port: 3 }], 'unexpected argument 2'],
];

describe('options are taken from', () => {
  for (const [title, places, expected] of STORESCU_PLACES)
    it(title, async () => {
      const options = await optionsOf(STORESCU, places);
      assert.deepEqual({ ...options, ...expected }, options);
    });
  for (const [title, places, expected] of STORESCP_PLACES)
    it(title, async () => {
      const options = await optionsOf(STORESCP, places);
      assert.deepEqual({ ...options, ...expected }, options);
    });
});

describe('a fault is named with its place:', () => {
  for (const [application, places, message] of FAULTS)
    it(message, async () => assert.equal(await faultOf(application, places), message));

  it('a config file that is not there or no file', async () => {
    mkdirSync(join(folder, 'directory'));
    for (const [name, reason] of [
      ['nowhere.json', 'no such file or directory'],
      ['directory', 'illegal operation on a directory'],
    ] as const) {
      const message = `--config: cannot read ${name}: ${reason}`;
      assert.equal(await faultOf(STORESCP, [`1 --config ${join(folder, name)}`, '']), message);
    }
  });

  it('a config file that nests without end', async () => {
    const message = await faultOf(STORESCP, ['1', '', '['.repeat(1_000_000)]);
    assert.match(message, /^site\.json: not JSON: /);
  });
});

describe('a config file', () => {
  it('is not looked at when something else is asked for', async () => {
    for (const argv of [
      ['--config', 'nowhere.json', '--help'],
      ['--version', '--config', 'nowhere.json'],
    ])
      assert.notEqual((await readOptions(STORESCU, argv, {})).action, 'run');
  });

  it('may be named several times, and the last counts', async () => {
    writeFileSync(path, '{"port": 3}');
    const commandLine = await readOptions(STORESCP, ['--config', 'nowhere.json', `--config=${path}`], {});
    assert.equal(commandLine.action === 'run' && commandLine.options.port, 3);
  });
});
