/** Lines of events: one each, with stable names, printable whatever a peer has sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { eventLine } from '../../../src/cli/event-line.js';
import { type AssociationEnded, type InstanceStored, parseUid, type StudyEnded } from '../../../src/index.js';

const time = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6));
const STORED: InstanceStored = {
  type: 'stored',
  time,
  path: '/in/CT.1.2',
  sopClassUid: parseUid('1.2.840.10008.5.1.4.1.1.2'),
  sopInstanceUid: parseUid('1.2'),
  studyInstanceUid: '1.3',
  seriesInstanceUid: undefined,
  modality: 'CT',
  patientId: 'P',
  transferSyntaxUid: '1.2.840.10008.1.2',
  association: 7,
  remote: '10.0.0.1:4711',
  callingAeTitle: 'CT1',
  calledAeTitle: 'ARCHIVE',
  bytes: 1000,
  ms: 3,
  status: 0,
  attributes: new Map(),
};
const ASSOCIATION: AssociationEnded = {
  type: 'association-ended',
  time,
  association: 7,
  remote: '10.0.0.1:4711',
  callingAeTitle: 'CT1',
  calledAeTitle: 'ARCHIVE',
  outcome: 'aborted',
  reason: 'by the peer',
  stored: 1,
  failed: 2,
  bytes: 1000,
  ms: 30,
  missed: 0,
};
const STUDY: StudyEnded = {
  type: 'study-ended',
  time,
  studyInstanceUid: '1.3',
  patientId: undefined,
  instances: 1,
  series: 1,
  bytes: 1000,
  first: time,
  last: time,
  callingAeTitles: ['CT1'],
  directory: '/in',
  reason: 'silence',
};

test('the names of the fields stay as they are', () => {
  assert.equal(
    eventLine(STORED),
    '{"time":"2026-01-02T03:04:05.006Z","event":"stored","path":"/in/CT.1.2","sopClassUid":"1.2.840.10008.5.1.4.1.1.2",' +
      '"sopInstanceUid":"1.2","studyInstanceUid":"1.3","modality":"CT","patientId":"P","transferSyntax":"1.2.840.10008.1.2",' +
      '"association":7,"peer":"10.0.0.1:4711","callingAet":"CT1","calledAet":"ARCHIVE","bytes":1000,"ms":3,"status":"0000"}\n',
  );
  assert.equal(
    eventLine(ASSOCIATION),
    '{"time":"2026-01-02T03:04:05.006Z","event":"association-ended","association":7,"peer":"10.0.0.1:4711","callingAet":"CT1",' +
      '"calledAet":"ARCHIVE","outcome":"aborted","reason":"by the peer","stored":1,"failed":2,"bytes":1000,"ms":30}\n',
  );
  assert.match(eventLine({ ...ASSOCIATION, missed: 3 }), /"missed":3}\n$/);
  assert.equal(
    eventLine(STUDY),
    '{"time":"2026-01-02T03:04:05.006Z","event":"study-ended","studyInstanceUid":"1.3","instances":1,"series":1,"bytes":1000,' +
      '"first":"2026-01-02T03:04:05.006Z","last":"2026-01-02T03:04:05.006Z","callingAets":["CT1"],"directory":"/in","reason":"silence"}\n',
  );
});

test('an event is one printable line that reads back as it was, whatever is in it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const line = eventLine({ ...STORED, patientId: text, callingAeTitle: text });
      assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      const { patientId, callingAet } = JSON.parse(line);
      assert.deepEqual([patientId, callingAet], [text, text]);
    }),
  );
});
