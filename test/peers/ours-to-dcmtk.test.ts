/** Our storescu and DCMTK's receivers: every proposal, every file syntax, every answer. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dcmrecv, dcmtkStorescp, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { testMatrix } from '../support/peers-matrix.js';
import { fromStorescu } from '../support/peers-ours.js';
import { storescu } from '../support/processes.js';

const skip = skipWithoutDcmtk();

// Rows: what our storescu proposes. Columns: what the peer prefers. Cells: the syntax in which the files in Implicit VR
// Little Endian (i), Explicit VR Little (e) and Big Endian (b), Deflated (d) and JPEG Baseline (j) are stored; '-' is not sent.
const STORED_BY_STORESCP = `
  |         | +x=   | +xe   | +xb   | +xi   | +xd   | +xa   |
  | default | iiii- | iiii- | iiii- | iiii- | iiid- | iiidj |
  | -pts 1  | iiii- | iiii- | iiii- | iiii- | iiid- | iiidj |
  | -pts 2  | eeee- | eeee- | eeee- | iiii- | eeed- | eeedj |
  | -pts 3  | eeee- | eeee- | bbbb- | iiii- | eeed- | eeedj |
  | -xi     | iiii- | iiii- | iiii- | iiii- | iiid- | iiidj |
  | -xe     | eeee- | eeee- | eeee- | ----- | eeed- | eeedj |
  | -xb     | bbbb- | bbbb- | bbbb- | ----- | bbbd- | bbbdj |
  | -xo     | iebe- | iebe- | iebe- | iiii- | iebd- | iebdj |
`;

// Columns: profiles of the configuration below.
const STORED_BY_DCMRECV = `
  |         | ANY   | BIG   |
  | default | iiidj | iiii- |
  | -pts 3  | eeedj | bbbb- |
  | -xo     | iebdj | ibbb- |
`;

const DCMRECV_CONFIGURATION = `
[[TransferSyntaxes]]
[Any]
TransferSyntax1 = 1.2.840.10008.1.2.1
TransferSyntax2 = 1.2.840.10008.1.2.2
TransferSyntax3 = 1.2.840.10008.1.2
TransferSyntax4 = 1.2.840.10008.1.2.1.99
TransferSyntax5 = 1.2.840.10008.1.2.4.50
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

describe("our storescu to DCMTK's storescp", { skip }, () => {
  testMatrix({ ...fromStorescu, table: STORED_BY_STORESCP, receive: dcmtkStorescp });
});

describe("our storescu to DCMTK's dcmrecv", { skip }, () => {
  testMatrix({
    ...fromStorescu,
    table: STORED_BY_DCMRECV,
    receive: ([profile = '']) => dcmrecv(DCMRECV_CONFIGURATION, profile),
  });
});

describe("our storescu --echo to DCMTK's storescp", { skip }, () => {
  for (const options of [[], ['-xe'], ['-xb'], ['-pts', '3'], ['--repeat', '3']])
    test(`with ${['--echo', ...options].join(' ')} is a ping`, async () => {
      await using receiver = await dcmtkStorescp(['-v']);
      const { code, stderr } = await storescu(['--echo', ...options, ...receiver.address]);
      assert.equal(stderr, '');
      assert.equal(code, 0);
      await receiver.logged(/Received Echo Request/);
    });
});
