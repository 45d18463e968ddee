/** Our storescu and DCMTK's receivers: every proposal, every file syntax, every answer. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { dcmtkServer, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { TemporaryFolder } from '../support/peers-files.js';
import { type Matrix, testMatrix } from '../support/peers-matrix.js';
import { type Ended, storescu } from '../support/processes.js';

// Rows: what our storescu proposes. Columns: what the peer prefers. Cells: the syntax in which the files in Implicit VR
// Little Endian (i), Explicit VR Little (e) and Big Endian (b), Deflated (d) and RLE (r) are stored; '-' is not sent.
const STORED_BY_STORESCP = `
  |         | +x=   | +xe   | +xb   | +xi   | +xd   | +xa   |
  | default | iiii- | iiii- | iiii- | iiii- | iiid- | iiidr |
  | -pts 1  | iiii- | iiii- | iiii- | iiii- | iiid- | iiidr |
  | -pts 2  | eeee- | eeee- | eeee- | iiii- | eeed- | eeedr |
  | -pts 3  | eeee- | eeee- | bbbb- | iiii- | eeed- | eeedr |
  | -xi     | iiii- | iiii- | iiii- | iiii- | iiid- | iiidr |
  | -xe     | eeee- | eeee- | eeee- | ----- | eeed- | eeedr |
  | -xb     | bbbb- | bbbb- | bbbb- | ----- | bbbd- | bbbdr |
  | -xo     | iebe- | iebe- | iebe- | iiii- | iebd- | iebdr |
`;

// Columns: profiles of the configuration below.
const STORED_BY_DCMRECV = `
  |         | ANY   | BIG   |
  | default | iiidr | iiii- |
  | -pts 3  | eeedr | bbbb- |
  | -xo     | iebdr | ibbb- |
`;

const DCMRECV_CONFIGURATION = `
[[TransferSyntaxes]]
[Any]
TransferSyntax1 = 1.2.840.10008.1.2.1
TransferSyntax2 = 1.2.840.10008.1.2.2
TransferSyntax3 = 1.2.840.10008.1.2
TransferSyntax4 = 1.2.840.10008.1.2.1.99
TransferSyntax5 = 1.2.840.10008.1.2.5
[Big]
TransferSyntax1 = 1.2.840.10008.1.2.2
TransferSyntax2 = 1.2.840.10008.1.2
[[PresentationContexts]]
[CtAny]
PresentationContext1 = 1.2.840.10008.5.1.4.1.1.2\\Any
[CtBig]
PresentationContext1 = 1.2.840.10008.5.1.4.1.1.2\\Big
[[Profiles]]
[ANY]
PresentationContexts = CtAny
[BIG]
PresentationContexts = CtBig
`;

const SENDING: Pick<Matrix, 'samples' | 'send' | 'check' | 'bytesKept'> = {
  samples: 'iebdr',
  send: (options, port, folder) => storescu([...options, '127.0.0.1', `${port}`, folder]),
  check: checkStorescu,
  bytesKept: true,
};

/** Every file that is not stored is told, and so is the exit code. */
function checkStorescu({ code, stdout, stderr }: Ended, cell: string): void {
  const lines = stderr.split('\n').slice(0, -1);
  assert.equal(stdout, '');
  if (/^-+$/.test(cell)) {
    assert.deepEqual(lines, ['E: No Acceptable Presentation Contexts']);
    assert.equal(code, 1);
    return;
  }
  assert.equal(lines.length, cell.replace(/[^-]/g, '').length, stderr);
  for (const line of lines)
    assert.match(line, /^E: No accepted presentation context for .*\.dcm \(CT Image Storage, RLE Lossless\)$/);
  assert.equal(code, lines.length > 0 ? 3 : 0);
}

describe("our storescu to DCMTK's storescp", { skip: skipWithoutDcmtk() }, () => {
  testMatrix({
    ...SENDING,
    table: STORED_BY_STORESCP,
    receive: (preference, folder) => dcmtkServer('storescp', [...preference, '+B', '-od', folder]),
  });
});

describe("our storescu to DCMTK's dcmrecv", { skip: skipWithoutDcmtk() }, () => {
  testMatrix({
    ...SENDING,
    table: STORED_BY_DCMRECV,
    receive: async (profile, folder) => {
      using temporary = new TemporaryFolder();
      const configuration = join(temporary.path, 'dcmrecv.cfg');
      writeFileSync(configuration, DCMRECV_CONFIGURATION);
      return await dcmtkServer('dcmrecv', ['+B', '-xf', configuration, ...profile, '-od', folder]);
    },
  });
});

describe("our storescu --echo to DCMTK's storescp", { skip: skipWithoutDcmtk() }, () => {
  for (const options of [[], ['-xe'], ['-xb'], ['-pts', '3'], ['--repeat', '3']])
    test(`with ${['--echo', ...options].join(' ')} it is a ping`, async () => {
      const { server, port } = await dcmtkServer('storescp', ['-v']);
      await using _stopped = server;
      const { code, stderr } = await storescu(['--echo', ...options, '127.0.0.1', `${port}`]);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      await server.output('stderr', /Received Echo Request/);
    });
});
