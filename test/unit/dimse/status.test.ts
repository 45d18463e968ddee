/** The status table of PS3.7 Annex C and PS3.4 B.2.3. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeStatus, formatStatus, STATUS, type StatusCategory, statusLine } from '../../../src/dimse/status.js';

const TABLE: readonly (readonly [code: number, category: StatusCategory, meaning: string])[] = [
  [0x0000, 'success', 'Success'],
  [0x0001, 'warning', 'Requested Optional Attributes Are Not Supported'],
  [0x0107, 'warning', 'Attribute List Error'],
  [0x0116, 'warning', 'Attribute Value Out of Range'],
  [0x0105, 'failure', 'No Such Attribute'],
  [0x0111, 'failure', 'Duplicate SOP Instance'],
  [0x0122, 'failure', 'SOP Class Not Supported'],
  [0x0124, 'failure', 'Not Authorized'],
  [0x0211, 'failure', 'Unrecognized Operation'],
  [0x0213, 'failure', 'Resource Limitation'],
  [0xa6ff, 'failure', 'Unknown Status'],
  [0xa700, 'failure', 'Out of Resources'],
  [0xa7ff, 'failure', 'Out of Resources'],
  [0xa800, 'failure', 'Unknown Status'],
  [0xa900, 'failure', 'Data Set Does Not Match SOP Class'],
  [0xa9ff, 'failure', 'Data Set Does Not Match SOP Class'],
  [0xaa00, 'failure', 'Unknown Status'],
  [0xb000, 'warning', 'Coercion of Data Elements'],
  [0xb001, 'warning', 'Unknown Warning'],
  [0xb006, 'warning', 'Elements Discarded'],
  [0xb007, 'warning', 'Data Set Does Not Match SOP Class'],
  [0xbfff, 'warning', 'Unknown Warning'],
  [0xc000, 'failure', 'Cannot Understand'],
  [0xcfff, 'failure', 'Cannot Understand'],
  [0xd000, 'failure', 'Unknown Status'],
  [0xfe00, 'cancel', 'Cancel'],
  [0xff00, 'pending', 'Pending'],
  [0xff01, 'pending', 'Optional Keys Not Supported'],
  [0xff02, 'failure', 'Unknown Status'],
  [0x0002, 'failure', 'Unknown Status'],
  [0xffff, 'failure', 'Unknown Status'],
];

for (const [code, category, meaning] of TABLE) {
  test(`${statusLine(code)}`, () => assert.deepEqual(describeStatus(code), { code, category, meaning }));
}

test('every status that the library sends has a meaning and, but for success, is a failure', () => {
  for (const [name, code] of Object.entries(STATUS)) {
    const { category, meaning } = describeStatus(code);
    assert.equal(category, name === 'success' ? 'success' : 'failure');
    assert.notEqual(meaning, 'Unknown Status');
  }
});

test('a status is written with its code and category', () => {
  assert.deepEqual([0x0000, 0xb007, 0xa700, 0xfe00, 0xff00, 0x0106].map(formatStatus), [
    '0x0000 - Success',
    '0xB007 - Warning',
    '0xA700 - Failure',
    '0xFE00 - Cancel',
    '0xFF00 - Pending',
    '0x0106 - Failure',
  ]);
});

test('a status line adds the meaning where that says more', () => {
  assert.equal(statusLine(0x0000), '0x0000 - Success');
  assert.equal(statusLine(0xa701), '0xA701 - Failure: Out of Resources');
});
