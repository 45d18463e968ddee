/** What users and peers get wrong: each is one clear line, the right exit code, and nothing under a final name. */
import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { responseTo } from '../../src/index.js';
import { type Folder, sampleFolder, temporaryFolder, writeBigImage } from '../support/apps-files.js';
import {
  acceptAssociation,
  CT_CONTEXT,
  messagePdus,
  openAssociation,
  PduSocket,
  scriptedPeer,
  storeWell,
} from '../support/apps-peer.js';
import { type Answers, long, recorder } from '../support/apps-recorder.js';
import { listeningStorescp, runStorescu, words } from '../support/apps-run.js';
import { freePort } from '../support/processes.js';

const limits = { concurrency: 6, timeout: 60_000 };

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
  const file = (name: string) => join(folder.path, name);
  await mkdir(file('empty'));
  await writeFile(file('none'), '');
  await writeFile(file('text.txt'), 'No image, whatever its name says.\n'.repeat(100));
  await writeFile(file('nothing.dcm'), '');
  await writeFile(file('DICOMDIR'), dicomdir(await readFile(file('ct.dcm'))));
});
after(() => folder[Symbol.asyncDispose]());

describe('storescu and a connection that does not come about', limits, () => {
  it('names address, port and reason when it is refused', async (test) => {
    const port = await freePort();
    const ended = await runStorescu(test, ['127.0.0.1', `${port}`, 'ct.dcm'], inFolder());
    const error = `E: Association Failed: cannot connect to 127.0.0.1:${port}: connection refused\n`;
    assert.deepEqual(ended, { code: 1, signal: null, stdout: '', stderr: error });
  });

  it('names the host whose name does not resolve', async (test) => {
    const { code, stdout, stderr } = await runStorescu(test, ['no-such-host.invalid', '104', 'ct.dcm'], inFolder());
    const reasons = '(unknown host|the host name cannot be resolved now)';
    assert.match(
      stderr,
      new RegExp(`^E: Association Failed: cannot connect to no-such-host.invalid:104: ${reasons}\\n$`),
    );
    assert.deepEqual([stdout, code], ['', 1]);
  });
});

/** What a peer does, and the line and exit code that come of it; PEER stands for its address and port. */
type Peer = readonly [what: string, script: (socket: PduSocket) => Promise<void>, error: string, code: number];

const REJECTIONS: readonly (readonly [codes: readonly [number, number, number], reason: string])[] = [
  [[1, 1, 1], 'no reason given (rejected permanent, by service user, 1/1/1)'],
  [[1, 1, 3], 'calling AE title not recognized (rejected permanent, by service user, 1/1/3)'],
  [[1, 1, 7], 'called AE title not recognized (rejected permanent, by service user, 1/1/7)'],
  [[1, 2, 2], 'protocol version not supported (rejected permanent, by service provider (ACSE), 1/2/2)'],
  [[2, 3, 2], 'local limit exceeded (rejected transient, by service provider (presentation), 2/3/2)'],
  [[9, 9, 9], 'unknown reason 9 (unknown result 9, by unknown source 9, 9/9/9)'],
];

const PEERS: readonly Peer[] = [
  ...REJECTIONS.map(
    ([codes, reason]): Peer => [
      `rejects the association with ${codes.join('/')}`,
      async (socket) => {
        const [result, source, reasonCode] = codes;
        await socket.expect('A-ASSOCIATE-RQ');
        socket.send({ type: 'A-ASSOCIATE-RJ', result, source, reason: reasonCode });
      },
      `Association Rejected (PEER): ${reason}`,
      1,
    ],
  ),
  [
    'hangs up at once',
    async (socket) => socket.close(),
    'Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'hangs up instead of answering',
    async (socket) => {
      await socket.expect('A-ASSOCIATE-RQ');
      socket.close();
    },
    'Association Failed: PEER closed the connection without an answer',
    1,
  ],
  [
    'aborts instead of answering',
    async (socket) => {
      await socket.expect('A-ASSOCIATE-RQ');
      socket.send({ type: 'A-ABORT', source: 2, reason: 0 });
    },
    'Association Aborted (PEER): by the peer, service provider: reason not specified (2/0)',
    1,
  ],
  [
    'speaks another protocol',
    async (socket) => {
      await socket.expect('A-ASSOCIATE-RQ');
      socket.send(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'));
      assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 2, reason: 1 });
      socket.close();
    },
    'Association Aborted (PEER): no PDU has the type 72: is it text, such as HTTP? (at byte 0)',
    1,
  ],
  [
    'aborts instead of responding',
    async (socket) => {
      await acceptAssociation(socket);
      await socket.message();
      socket.send({ type: 'A-ABORT', source: 0, reason: 0 });
    },
    'Association Aborted (PEER) while sending ct.dcm: by the peer, service user: no reason given (0/0)',
    1,
  ],
  [
    'hangs up instead of responding',
    async (socket) => {
      await acceptAssociation(socket);
      await socket.message();
      socket.close();
    },
    'Association Aborted (PEER) while sending ct.dcm: connection lost',
    1,
  ],
  [
    'hangs up instead of answering the release, when every response is in',
    async (socket) => {
      await acceptAssociation(socket);
      await respond(socket);
      await socket.expect('A-RELEASE-RQ');
      socket.close();
    },
    '',
    0,
  ],
];

describe('storescu and a peer that', limits, () => {
  for (const [what, script, error, code] of PEERS)
    it(what, async (test) => {
      await using peer = await scriptedPeer(script);
      const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm'], inFolder());
      await peer.done;
      const stderr = error === '' ? '' : `E: ${error.replace('PEER', `127.0.0.1:${peer.port}`)}\n`;
      assert.deepEqual(ended, { code, signal: null, stdout: '', stderr });
    });

  it('responds to another request', async (test) => {
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      await respond(socket, 4711);
      assert.deepEqual(await socket.expect('A-ABORT'), { type: 'A-ABORT', source: 2, reason: 5 });
    });
    const { code, stdout, stderr } = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm'], inFolder());
    await peer.done;
    assert.match(stderr, /^E: Association .*\b4711\b.*\n$/);
    assert.deepEqual([stdout, code], ['', 1]);
  });

  it('accepts no presentation context at all', async (test) => {
    await using peer = await recorder({ refuses: [long('CT'), long('MR')] });
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm', 'mr.dcm'], inFolder());
    assert.deepEqual(ended, { code: 1, signal: null, stdout: '', stderr: 'E: No Acceptable Presentation Contexts\n' });
    assert.deepEqual(peer.endings, ['aborted 0/0']);
  });

  it('accepts no presentation context for one of the files: the others are sent', async (test) => {
    await using peer = await recorder({ refuses: [long('CT'), long('SC')] });
    const files = ['ct.dcm', 'mr.dcm', 'jpeg.dcm'];
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, ...files], inFolder());
    const lines = [
      'E: No accepted presentation context for ct.dcm (CT Image Storage, Explicit VR Little Endian)',
      'E: No accepted presentation context for jpeg.dcm (Secondary Capture Image Storage, JPEG Baseline (Process 1))',
    ];
    assert.deepEqual(ended, { code: 3, signal: null, stdout: '', stderr: `${lines.join('\n')}\n` });
    assert.deepEqual([peer.dataSets, peer.endings], [['MR I'], ['released']]);
  });
});

describe('storescu and a file that cannot be sent', limits, () => {
  it('says so of each that was named, and sends the others', async (test) => {
    await using peer = await recorder();
    const files = [
      'nowhere.dcm',
      'ct.dcm',
      'text.txt',
      'nothing.dcm',
      'DICOMDIR',
      '/dev/null',
      'mr.dcm/mr.dcm',
      'mr.dcm',
    ];
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, ...files], inFolder());
    const lines = [
      'E: Cannot read input file nowhere.dcm: no such file or directory',
      'E: Bad DICOM file text.txt: not a DICOM file',
      'E: Bad DICOM file nothing.dcm: not a DICOM file',
      'E: Cannot send input file DICOMDIR: it is a DICOMDIR that refers to no files',
      'E: Cannot read input file /dev/null: not a regular file',
      'E: Cannot read input file mr.dcm/mr.dcm: not a directory',
    ];
    assert.deepEqual(ended, { code: 3, signal: null, stdout: '', stderr: `${lines.join('\n')}\n` });
    assert.deepEqual([peer.dataSets, peer.endings], [['CT I', 'MR I'], ['released']]);
  });

  it('says so of each that was cut short, wherever it was cut, and does not even connect', async (test) => {
    await using cut = await temporaryFolder();
    await using peer = await recorder();
    const whole = await readFile(join(folder.path, 'ct.dcm'));
    const metaEnd = 144 + whole.readUInt32LE(140);
    const rows: readonly (readonly [size: number, why: RegExp])[] = [
      [1, /not a DICOM file/],
      [127, /not a DICOM file/],
      [132, /not a DICOM file/],
      [140, /the file ends within its meta information/],
      [metaEnd - 1, /the file ends within its meta information/],
      [metaEnd, /there is no data set in it/],
      [metaEnd + 4, /cut short within the header of an element/],
      [metaEnd + 9, /cut short: .* \(0008,0005\)/],
      [metaEnd + 170, /cut short: .* \(0008,1150\)/],
      [whole.length - 1, /cut short: .* \(7FE0,0010\)/],
    ];
    for (const [size] of rows) await writeFile(join(cut.path, `${size}.dcm`), whole.subarray(0, size));
    const files = rows.map(([size]) => `${size}.dcm`);
    const { code, stdout, stderr } = await runStorescu(test, ['127.0.0.1', `${peer.port}`, ...files], {
      cwd: cut.path,
    });
    const lines = stderr.split('\n').slice(0, -1);
    assert.equal(lines.length, rows.length);
    for (const [index, [size, why]] of rows.entries())
      assert.match(lines[index] ?? '', new RegExp(`^E: Bad DICOM file ${size}\\.dcm: ${why.source}`));
    assert.deepEqual([stdout, code, peer.requests], ['', 3, []]);
  });

  it('only warns of one in a directory, unless nothing is left to send', async (test) => {
    await using bad = await temporaryFolder();
    await writeFile(join(bad.path, 'text.txt'), 'No image.\n');
    await using peer = await recorder();
    const args = ['127.0.0.1', `${peer.port}`, '.'];
    const warning = 'W: Skipped: Bad DICOM file ./text.txt: not a DICOM file\n';
    const nothing = await runStorescu(test, args, { cwd: bad.path });
    assert.deepEqual([nothing.stderr, nothing.code], [`${warning}E: No DICOM files to send\n`, 3]);
    await writeFile(join(bad.path, 'ct.dcm'), await readFile(join(folder.path, 'ct.dcm')));
    const one = await runStorescu(test, args, { cwd: bad.path });
    assert.deepEqual([one.stderr, one.code, peer.dataSets], [warning, 0, ['CT I']]);
  });

  for (const line of ['empty', 'empty --repeat 0', '--files-from none --repeat 0'])
    it(`ends with exit code 3 when there is nothing to send: ${line}`, async (test) => {
      const { stderr, code } = await runStorescu(test, ['127.0.0.1', '104', ...words(line)], inFolder());
      assert.deepEqual([stderr, code], ['E: No DICOM files to send\n', 3]);
    });

  it('has done what it was asked for once it has associated', async (test) => {
    await using peer = await recorder();
    for (const line of ['empty --echo', 'empty --echo --repeat 0', 'ct.dcm empty --repeat 0']) {
      const { stderr, code } = await runStorescu(test, ['127.0.0.1', `${peer.port}`, ...words(line)], inFolder());
      assert.deepEqual([stderr, code], ['', 0]);
    }
    assert.equal(peer.requests.length, 3);
  });
});

describe('storescu and a file that changes after it was looked at', limits, () => {
  it('leaves out one that is gone, aborts for one that became shorter, and sends the others', async (test) => {
    await using changing = await temporaryFolder();
    const file = (name: string) => join(changing.path, name);
    for (const name of ['0.dcm', '1.dcm', '4.dcm']) await copyFile(join(folder.path, 'ct.dcm'), file(name));
    // A small one would be in memory by then.
    await writeBigImage(file('2.dcm'), 100_000);
    await writeBigImage(file('3.dcm'), 64 * 1024 * 1024);
    let isFirst = true;
    await using peer = await scriptedPeer(async (socket) => {
      await acceptAssociation(socket);
      if (isFirst) {
        isFirst = false;
        // The first two are open by now.
        await rm(file('2.dcm'));
        await respond(socket);
        await respond(socket);
        await socket.expect('P-DATA-TF');
        socket.stopReading();
        await truncate(file('3.dcm'), 1_000_000);
        socket.readOn();
        let next = await socket.receive();
        while (next?.type === 'P-DATA-TF') next = await socket.receive();
        assert.deepEqual(next, { type: 'A-ABORT', source: 0, reason: 0 });
        return;
      }
      await respond(socket);
      await socket.expect('A-RELEASE-RQ');
      socket.send({ type: 'A-RELEASE-RP' });
    });
    const files = ['0.dcm', '1.dcm', '2.dcm', '3.dcm', '4.dcm'];
    const args = ['127.0.0.1', `${peer.port}`, ...files, '-xe'];
    const ended = await runStorescu(test, args, { cwd: changing.path });
    await peer.done;
    const lines = [
      'E: Cannot read input file 2.dcm: no such file or directory',
      'E: Bad DICOM file 3.dcm: it became shorter while it was sent',
    ];
    assert.deepEqual(ended, { code: 3, signal: null, stdout: '', stderr: `${lines.join('\n')}\n` });
  });
});

const STATUSES: readonly (readonly [number, Answers['details'], string, number])[] = [
  [0x0000, {}, '', 0],
  [0xb000, {}, 'W: Stored ct.dcm: 0xB000 - Warning: Coercion of Data Elements\n', 0],
  [
    0xb007,
    { errorComment: 'a bit odd' },
    'W: Stored ct.dcm: 0xB007 - Warning: Data Set Does Not Match SOP Class, "a bit odd"\n',
    0,
  ],
  [0x0122, {}, 'E: Not stored: ct.dcm: 0x0122 - Failure: SOP Class Not Supported\n', 3],
  [
    0xa900,
    { errorComment: 'no such thing', offendingElement: [0x00080018] },
    'E: Not stored: ct.dcm: 0xA900 - Failure: Data Set Does Not Match SOP Class, "no such thing", (0008,0018)\n',
    3,
  ],
  [0xc123, {}, 'E: Not stored: ct.dcm: 0xC123 - Failure: Cannot Understand\n', 3],
  [0x4711, {}, 'E: Not stored: ct.dcm: 0x4711 - Failure: Unknown Status\n', 3],
  [0xff00, {}, 'E: Not stored: ct.dcm: 0xFF00 - Pending\n', 3],
];

describe('storescu, answered with the status', limits, () => {
  for (const [status, details = {}, stderr, code] of STATUSES)
    it(`0x${status.toString(16).padStart(4, '0')}, says so in one line and ends with ${code}`, async (test) => {
      await using peer = await recorder({ statuses: [status], details });
      const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, 'ct.dcm'], inFolder());
      assert.deepEqual(ended, { code, signal: null, stdout: '', stderr });
      assert.deepEqual([peer.dataSets, peer.endings], [['CT I'], ['released']]);
    });
});

describe('storescp and a peer that', limits, () => {
  for (const [what, bytes] of [
    ['speaks another protocol', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['asks for TLS', Buffer.from('16030100f8010000f40303', 'hex')],
    ['sends data before it has an association', Buffer.from('04000000000600000002' + '0103', 'hex')],
  ] as const)
    it(`${what} is sent A-ABORT, and the next is served`, async () => {
      await using storescp = await listeningStorescp(['--ignore', '-ta', '0.3']);
      // Half open: it is storescp that has to hang up.
      await using stranger = await PduSocket.connect(storescp.port, { allowHalfOpen: true });
      stranger.send(bytes);
      assert.equal((await stranger.expect('A-ABORT')).source, 0);
      await stranger.expectEnd();
      await using socket = await PduSocket.connect(storescp.port);
      await openAssociation(socket, [CT_CONTEXT]);
      await storeWell(socket, '1.2.3');
    });
});

/** Answers the request that comes with Success. */
async function respond(socket: PduSocket, respondingTo?: number): Promise<void> {
  const { message, presentationContextId } = await socket.message();
  assert.ok('messageId' in message);
  const messageIdBeingRespondedTo = respondingTo ?? message.messageId;
  const response = { ...responseTo(message, 0x0000), messageIdBeingRespondedTo };
  socket.send(...messagePdus(response, presentationContextId));
}

/** The file with the class of a DICOMDIR, PS3.4 Annex I, in place of CT Image Storage, in meta and data set. */
function dicomdir(file: Buffer): Buffer {
  const text = file.toString('latin1').replaceAll('1.2.840.10008.5.1.4.1.1.2\0', '1.2.840.10008.1.3.10\0\0\0\0\0\0');
  return Buffer.from(text, 'latin1');
}

function inFolder() {
  return { cwd: folder.path };
}
