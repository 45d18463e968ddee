/** Every option of storescp and every default, by what the built application answers, stores, prints and ends with. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { associateRq } from '../../src/acse/propose.js';
import { VERSION } from '../../src/index.js';
import { temporaryFolder } from '../support/apps-files.js';
import { defaultsInHelp, missingInHelp, TLS_OPTIONS } from '../support/apps-help.js';
import {
  CT_CONTEXT,
  ctDataSet,
  exchange,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
  storeWell,
} from '../support/apps-peer.js';
import { long, short } from '../support/apps-recorder.js';
import { anonymous, listeningStorescp, runStorescp, withStorescp, words } from '../support/apps-run.js';

const limits = { concurrency: 6, timeout: 60_000 };

/** An abstract syntax and its transfer syntaxes, the least preferred first where it matters; a context for each. */
const PROPOSALS = [
  'CT I B L',
  'CT I L B',
  'CT I B',
  'CT I L',
  'CT I',
  'CT JPEG Deflated I',
  'CT JPEG Deflated',
  'CT JPEG',
  'CT 1.2.3.4.5',
  'Echo I B L',
  'Echo I',
  'Echo JPEG',
  // Nuclear Medicine Image Storage as it was before 1993, a private class, Patient Root FIND, Media Storage Directory.
  '1.2.840.10008.5.1.4.1.1.5 I',
  '1.2.3.4 I B L',
  '1.2.840.10008.5.1.4.1.2.1.1 I',
  '1.2.840.10008.1.3.10 I',
] as const;

/** An accepted transfer syntax, or 3 for "abstract syntax not supported", 4 for "transfer syntaxes not supported". */
type Answers = string;

const PREFER_LITTLE: Answers = 'L L B L I I Deflated JPEG 4 L I 4 I 3 3 3';
const PREFER_BIG: Answers = 'B B B L I I Deflated JPEG 4 B I 4 I 3 3 3';
const PREFER_LOCAL = endianness() === 'LE' ? PREFER_LITTLE : PREFER_BIG;

const ACCEPTANCE: readonly (readonly [line: string, answers: Answers])[] = [
  ['', PREFER_LOCAL],
  ['-x=', PREFER_LOCAL],
  ['--prefer-uncompr', PREFER_LOCAL],
  ['-xe', PREFER_LITTLE],
  ['--prefer-little', PREFER_LITTLE],
  ['-xb', PREFER_BIG],
  ['--prefer-big', PREFER_BIG],
  ['-xi', 'I I I I I I 4 4 4 I I 4 I 3 3 3'],
  ['--implicit', 'I I I I I I 4 4 4 I I 4 I 3 3 3'],
  ['--accept-native', 'L L B L I I 4 4 4 L I 4 I 3 3 3'],
  ['--accept-native -xb', 'B B B L I I 4 4 4 B I 4 I 3 3 3'],
  ['--no-echo', 'L L B L I I Deflated JPEG 4 3 3 3 I 3 3 3'],
  ['--promiscuous', 'L L B L I I Deflated JPEG 1.2.3.4.5 L I 4 I L I I'],
  ['--promiscuous --no-echo', 'L L B L I I Deflated JPEG 1.2.3.4.5 3 3 3 I L I I'],
];

describe('storescp, offered everything, accepts', limits, () => {
  for (const [line, answers] of ACCEPTANCE)
    it(`${answers} with ${line === '' ? 'no option' : line}`, () =>
      withStorescp(words(line), async ({ port }) => {
        await using socket = await PduSocket.connect(port);
        const contexts = PROPOSALS.map((proposal, index) => {
          const [abstractSyntax = '', ...transferSyntaxes] = proposal.split(' ').map(long);
          return { id: 2 * index + 1, abstractSyntax, transferSyntaxes };
        });
        const accepted = await openAssociation(socket, contexts);
        assert.deepEqual(
          accepted.presentationContexts.map(({ id }) => id),
          contexts.map(({ id }) => id),
        );
        assert.equal(
          accepted.presentationContexts
            .map(({ result, transferSyntax }) => (result === 0 ? short(transferSyntax) : `${result}`))
            .join(' '),
          answers,
        );
        await releaseAssociation(socket);
      }));
});

describe('storescp with', limits, () => {
  for (const [line, maximumLength] of [
    ['', 16_384],
    ['-pdu 4096', 4096],
    ['--max-pdu=0', 0],
    // The answer names the AE title that was called, whatever our own is (PS3.8 9.3.3).
    ['-aet ARCHIVE', 16_384],
    ['--aetitle ARCHIVE', 16_384],
  ] as const)
    it(`${line === '' ? 'no option' : line} announces ${maximumLength} as its maximum length`, () =>
      withStorescp(words(line), async ({ port }) => {
        await using socket = await PduSocket.connect(port);
        const { userInformation, calledAeTitle, callingAeTitle } = await openAssociation(socket, [CT_CONTEXT]);
        assert.deepEqual(
          [userInformation.maximumLength, calledAeTitle, callingAeTitle],
          [maximumLength, 'ANY-SCP', 'PEER'],
        );
        await releaseAssociation(socket);
      }));

  it('-pdu holds the peer to the length it announces', () =>
    withStorescp(words('-pdu 4096'), async ({ port, process }) => {
      await using socket = await PduSocket.connect(port);
      await openAssociation(socket, [CT_CONTEXT]);
      const pdv = { presentationContextId: 1, isCommand: true, isLast: true, data: Buffer.alloc(4096) };
      socket.send({ type: 'P-DATA-TF', pdvs: [pdv] });
      assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 2, reason: 6 });
      await process.output('stderr', /^E: Association Aborted \(127\.0\.0\.1:\d+\): .*4102 bytes.*\n/);
    }));

  it('--max-associations 1 rejects a second association until the first has ended', () =>
    withStorescp(words('--max-associations 1'), async ({ port }) => {
      await using first = await PduSocket.connect(port);
      await openAssociation(first, [CT_CONTEXT]);
      await using second = await PduSocket.connect(port);
      second.send(associateRq({ calledAeTitle: 'A', callingAeTitle: 'B', contexts: [CT_CONTEXT], maxPduLength: 0 }));
      const rejection = await second.expect('A-ASSOCIATE-RJ');
      assert.deepEqual(rejection, { type: 'A-ASSOCIATE-RJ', result: 2, source: 3, reason: 2 });
      await releaseAssociation(first);
      await first.expectEnd();
      await using third = await PduSocket.connect(port);
      await openAssociation(third, [CT_CONTEXT]);
      await releaseAssociation(third);
    }));

  it('no --max-associations takes a hundred at a time', () =>
    withStorescp([], async ({ port }) => {
      const sockets = await Promise.all(Array.from({ length: 101 }, () => PduSocket.connect(port)));
      try {
        for (const socket of sockets.slice(0, 100)) await openAssociation(socket, [CT_CONTEXT]);
        await assert.rejects(openAssociation(sockets[100] ?? assert.fail(), [CT_CONTEXT]), /A-ASSOCIATE-RJ/);
      } finally {
        for (const socket of sockets) socket.close();
      }
    }));

  for (const [line, names] of [
    ['', ['CT.1.2.3']],
    ['--no-fsync', ['CT.1.2.3']],
    ['-od .', ['CT.1.2.3']],
    ['--ignore', []],
  ] as const)
    it(`${line === '' ? 'no option' : line} answers Success and leaves ${names.join() || 'nothing'} in its folder`, () =>
      withStorescp(words(line), async ({ port }, folder) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        await storeWell(socket, '1.2.3');
        await releaseAssociation(socket);
        assert.deepEqual(await readdir(folder.path), names);
      }));

  for (const option of ['-od', '--output-directory'])
    it(`${option} stores in another folder`, async () => {
      await using output = await temporaryFolder();
      await withStorescp(words(`${option} ${output.path}`), async ({ port }, folder) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        await storeWell(socket, '1.2.3');
        await releaseAssociation(socket);
        assert.deepEqual([await readdir(folder.path), await readdir(output.path)], [[], ['CT.1.2.3']]);
      });
    });

  for (const option of ['-ba', '--bind-address'])
    it(`${option} listens on one address`, () =>
      withStorescp(words(`${option} 127.0.0.1`), async ({ port }) => {
        await using socket = await PduSocket.connect(port);
        await openAssociation(socket, [CT_CONTEXT]);
        await assert.rejects(PduSocket.connect(port, { host: '127.0.0.2' }), /ECONNREFUSED/);
      }));

  it('no -ba listens on all addresses, IPv6 where there is one', () =>
    withStorescp([], async ({ port }) => {
      const hasIpv6 = networkInterfaces().lo?.some(({ address }) => address === '::1') ?? false;
      for (const host of ['127.0.0.1', '127.0.0.2', ...(hasIpv6 ? ['::1'] : [])]) {
        await using socket = await PduSocket.connect(port, { host });
        await openAssociation(socket, [CT_CONTEXT]);
        await releaseAssociation(socket);
      }
    }));

  it('-h and --help names every option, its default and the exit codes', async (test) => {
    const { stdout, stderr, code } = await runStorescp(test, ['--help']);
    assert.deepEqual([stderr, code], ['', 0]);
    const names = [
      ...['-q', '-v', '-d', '-ll', '-lc', '-aet', '-to', '-ta', '-td', '-tn', '-pdu', '--ignore', '-ba', '--no-echo'],
      ...[
        '--promiscuous',
        '--max-associations',
        '--async-ops',
        '--accept-calling',
        '--accept-called',
        '--accept-host',
        '--max-associations-per-host',
        '--users',
        '--hash-password',
        '-x=',
        '-xe',
        '-xb',
        '-xi',
        '--accept-native',
        '-od',
        '--no-fsync',
        '--log-format',
        '--stats',
        '--summary',
        '--metrics-port',
        '--metrics-address',
      ],
      ...['--events', '--exec', '--exec-study', '--study-timeout', '--exec-jobs', '--exec-timeout'],
      ...[...TLS_OPTIONS, '--tls-client-auth'],
      ...['-h', '--help', '--version', '0', '1', '2', '130', '143'],
    ];
    assert.deepEqual(missingInHelp(stdout, names), []);
    assert.deepEqual(defaultsInHelp(stdout), [
      '--log-level warning',
      '--log-format text',
      '--aetitle STORESCP',
      '--timeout unlimited',
      '--acse-timeout 30',
      '--dimse-timeout unlimited',
      '--network-timeout 60',
      '--max-pdu 16384',
      '--bind-address all, IPv6 and IPv4',
      '--max-associations 100',
      '--async-ops 16',
      '--output-directory .',
      '--output-pattern {Prefix}.{SOPInstanceUID}',
      '--on-duplicate replace',
      '--study-timeout 60',
      '--exec-jobs 1',
      '--exec-timeout 3600',
      '--tls-profile bcp195',
      '--tls-client-auth require',
      '--metrics-address 127.0.0.1',
    ]);
    assert.match(stdout, /--prefer-uncompr\n.*\(default\)\n/);
    assert.equal((await runStorescp(test, ['-h'])).stdout, stdout);
  });

  it('--version says its name and version', async (test) => {
    const { stdout, stderr, code } = await runStorescp(test, ['--version']);
    assert.deepEqual([stdout, stderr, code], [`storescp (netdicom) ${VERSION}\n`, '', 0]);
  });
});

const STORED = ['I: Received Store Request', 'I: Storing DICOM file: CT.1.2.3'];
const OVERWRITING = 'W: DICOM file already exists, overwriting';
const FAILED =
  'E: Store Request failed (PEER, SOP Instance 1..2): 0x0117 - Failure: Invalid SOP Instance: Affected SOP Instance UID: not a UID: "1..2"';
const LOGS: Readonly<Record<'none' | 'errors' | 'warnings' | 'info', readonly string[]>> = {
  none: [],
  errors: [FAILED],
  warnings: [OVERWRITING, FAILED],
  info: [
    'I: Association Received',
    'I: Association Accepted',
    ...STORED,
    ...STORED,
    OVERWRITING,
    'I: Received Store Request',
    FAILED,
    'I: Association Released',
    'I: Stopping on SIGTERM',
  ],
};

const LOGGING: readonly (readonly [line: string, level: keyof typeof LOGS | 'debug'])[] = [
  ['', 'warnings'],
  ['-q', 'none'],
  ['--quiet', 'none'],
  ['-v', 'info'],
  ['--verbose', 'info'],
  ['-d', 'debug'],
  ['--debug', 'debug'],
  ['-ll critical', 'none'],
  ['-ll fatal', 'none'],
  ['-ll error', 'errors'],
  ['--log-level=warning', 'warnings'],
  ['-ll warn', 'warnings'],
  ['-ll info', 'info'],
  ['-ll debug', 'debug'],
  ['-q -ll error', 'errors'],
  ['-d -ll error', 'errors'],
  ['-ll debug -v', 'debug'],
];

describe('storescp logs', limits, () => {
  for (const [line, level] of LOGGING)
    it(`${level} with ${line === '' ? 'no option' : line}`, () =>
      withStorescp(words(line), async ({ port, process }) => {
        await storeTwiceAndFailOnce(port);
        const { stderr, stdout, code } = await process.stop('SIGTERM');
        const lines = anonymous(stderr).split('\n').slice(0, -1);
        assert.deepEqual([stdout.split('\n')[0], code], [`${port}`, 143]);
        assert.equal(
          lines.some((text) => text.startsWith('D: ')),
          level === 'debug',
        );
        assert.deepEqual(
          lines.filter((text) => !text.startsWith('D: ')),
          LOGS[level === 'debug' ? 'info' : level],
        );
      }));

  it('where the file of -lc says, which wins over -q and -ll', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'logging.ini'), LOGGING_CONFIG);
    const args = ['-lc', 'logging.ini', '-q', '-ll', 'critical', '-od', folder.path];
    await using storescp = await listeningStorescp(args, { cwd: folder.path });
    await storeTwiceAndFailOnce(storescp.port);
    const { stderr, code } = await storescp.process.stop('SIGTERM');
    assert.deepEqual([stderr, code], ['', 143]);
    const log = await readFile(join(folder.path, 'storescp.log'), 'utf8');
    assert.deepEqual(
      anonymous(log).split('\n').slice(0, -1),
      LOGS.warnings.map((text) => text.replace(/^.: /, 'storescp: ')),
    );
  });
});

async function storeTwiceAndFailOnce(port: number): Promise<void> {
  await using socket = await PduSocket.connect(port);
  await openAssociation(socket, [CT_CONTEXT]);
  await storeWell(socket, '1.2.3');
  await storeWell(socket, '1.2.3');
  const { status } = await exchange(socket, storeRequest('1..2'), ctDataSet('1..2'));
  assert.equal(status, 0x0117);
  await releaseAssociation(socket);
  await socket.expectEnd();
}

const LOGGING_CONFIG = `[loggers]
keys=root

[handlers]
keys=file

[formatters]
keys=plain

[logger_root]
level=WARNING
handlers=file

[handler_file]
class=FileHandler
formatter=plain
args=('storescp.log', 'a')

[formatter_plain]
format=%(name)s: %(message)s
`;
