/** DCMTK's senders and our storescp: every proposal, every file syntax, every answer. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { testMatrix } from '../support/peers-matrix.js';
import { startStorescp } from '../support/processes.js';

// Rows: what DCMTK's storescu proposes. Columns: what our storescp prefers. Cells: the syntax in which the files in Implicit
// VR Little Endian (i), Explicit VR Little (e) and Big Endian (b) and Deflated (d) are stored.
const FROM_STORESCU = `
  |         | -x=  | -xe  | -xb  | -xi  | --accept-native |
  | default | eeee | eeee | eeee | iiii | eeee            |
`;

const FROM_DCMSEND = `
  |         | -x=   | -xe   | -xb   | -xi   | --accept-native |
  | default | eeeer | eeeer | eeeer | iiii- | eeee-           |
`;

describe("DCMTK's storescu to our storescp", { skip: skipWithoutDcmtk() }, () => {
  testMatrix({
    table: FROM_STORESCU,
    samples: 'iebd',
    receive,
    send: (options, port, folder) => dcmtk('storescu', [...options, '+sd', '127.0.0.1', `${port}`, folder]),
    check: ({ code, stderr }) => {
      assert.equal(stderr, '');
      assert.equal(code, 0);
    },
    bytesKept: false,
  });
});

describe("DCMTK's dcmsend to our storescp", { skip: skipWithoutDcmtk() }, () => {
  testMatrix({
    table: FROM_DCMSEND,
    samples: 'iebdr',
    receive,
    send: (options, port, folder) => dcmtk('dcmsend', [...options, '+sd', '127.0.0.1', `${port}`, folder]),
    check: ({ code }) => assert.equal(code, 0),
    bytesKept: false,
  });
});

async function receive(options: readonly string[], folder: string) {
  const { storescp, port } = await startStorescp([...options, '-od', folder]);
  return { server: storescp, port };
}

describe("DCMTK's echoscu to our storescp", { skip: skipWithoutDcmtk() }, () => {
  for (const options of [[], ['-pts', '3'], ['-pts', '38', '-ppc', '128'], ['--repeat', '100'], ['--abort']])
    test(`with ${options.join(' ') || 'no option'}`, async () => {
      const { storescp, port } = await startStorescp([]);
      await using _stopped = storescp;
      const { code, stderr } = await dcmtk('echoscu', [...options, '127.0.0.1', `${port}`]);
      assert.equal(stderr, '');
      assert.equal(code, 0);
    });
});
