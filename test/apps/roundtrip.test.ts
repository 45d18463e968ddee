/** Our storescu and our storescp: every proposal, every preference, every file syntax. */
import { describe } from 'node:test';
import { testMatrix } from '../support/peers-matrix.js';
import { fromStorescu, ourStorescp } from '../support/peers-ours.js';

// Rows: what storescu proposes. Columns: what storescp prefers. Cells: the syntax in which the files in Implicit VR Little
// Endian (i), Explicit VR Little (e) and Big Endian (b), Deflated (d) and JPEG Baseline (j) are stored; '-' is not sent.
const STORED = `
  |         | -x=   | -xe   | -xb   | -xi   | --accept-native | -xb --accept-native |
  | default | iiidj | iiidj | iiidj | iiii- | iiii-           | iiii-               |
  | -pts 1  | iiidj | iiidj | iiidj | iiii- | iiii-           | iiii-               |
  | -pts 2  | eeedj | eeedj | eeedj | iiii- | eeee-           | eeee-               |
  | -pts 3  | eeedj | eeedj | bbbdj | iiii- | eeee-           | bbbb-               |
  | -xi     | iiidj | iiidj | iiidj | iiii- | iiii-           | iiii-               |
  | -xe     | eeedj | eeedj | eeedj | ----- | eeee-           | eeee-               |
  | -xb     | bbbdj | bbbdj | bbbdj | ----- | bbbb-           | bbbb-               |
  | -xo     | iebdj | iebdj | iebdj | iiii- | iebe-           | iebe-               |
`;

describe('our storescu to our storescp', () => {
  testMatrix({ ...fromStorescu, table: STORED, receive: ourStorescp });
});
