/** When a study has ended, and what is known of it then, by a clock of the test's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type InstanceOfStudy, StudyTracker } from '../../../src/services/study-tracker.js';

const START = Date.UTC(2026, 0, 1);

function instance(study: string, more: Partial<InstanceOfStudy> = {}): InstanceOfStudy {
  return {
    studyInstanceUid: study,
    seriesInstanceUid: `${study}.1`,
    patientId: 'P',
    callingAeTitle: 'CT1',
    bytes: 10,
    directory: '/in',
    time: new Date(START),
    ...more,
  };
}

function tracker(options: Partial<ConstructorParameters<typeof StudyTracker>[0]> = {}): StudyTracker {
  return new StudyTracker({ silenceMs: 100, maxRemembered: 1000, ...options });
}

test('a study ends after its silence, which each instance begins anew', () => {
  const studies = tracker();
  assert.equal(studies.nextEndMs, undefined);
  assert.deepEqual(studies.add(instance('1'), 0), []);
  studies.add(instance('2'), 50);
  assert.equal(studies.nextEndMs, 100);
  studies.add(instance('1', { time: new Date(START + 5000) }), 90);
  assert.equal(studies.nextEndMs, 150);
  assert.deepEqual(studies.takeSilent(149), []);
  assert.deepEqual(
    studies.takeSilent(150).map(({ studyInstanceUid }) => studyInstanceUid),
    ['2'],
  );
  assert.deepEqual(studies.takeSilent(190), [
    {
      studyInstanceUid: '1',
      patientId: 'P',
      instances: 2,
      series: 1,
      bytes: 20,
      first: new Date(START),
      last: new Date(START + 5000),
      callingAeTitles: ['CT1'],
      directory: '/in',
      reason: 'silence',
    },
  ]);
  assert.equal(studies.nextEndMs, undefined);
});

test('without a limit of silence a study ends only with the server', () => {
  const studies = tracker({ silenceMs: 0 });
  studies.add(instance('1'), 0);
  assert.equal(studies.nextEndMs, undefined);
  assert.deepEqual(studies.takeSilent(1e12), []);
  assert.deepEqual(
    studies.takeAll().map(({ studyInstanceUid, reason }) => [studyInstanceUid, reason]),
    [['1', 'stop']],
  );
});

const DIRECTORIES: readonly (readonly [paths: readonly (string | undefined)[], common: string | undefined])[] = [
  [['/in', '/in', '/in'], '/in'],
  [['/in/a/1', '/in/a/2'], '/in/a'],
  [['/in/a', '/in/a/2'], '/in/a'],
  [['/in/a/2', '/in/a'], '/in/a'],
  [['/in/abc', '/in/abd'], '/in'],
  [['/a', '/b'], '/'],
  [['/in', undefined], undefined],
  [[undefined, '/in'], undefined],
];
for (const [paths, common] of DIRECTORIES)
  test(`files in ${paths.join(', ')} are in ${common}`, () => {
    const studies = tracker();
    for (const directory of paths) studies.add(instance('1', { directory }), 0);
    assert.equal(studies.takeAll()[0]?.directory, common);
  });

test('what is remembered is bounded: the study that was silent longest ends for it', () => {
  // Study, series and title of each.
  const studies = tracker({ maxRemembered: 9 });
  for (const uid of ['1', '2', '3', '1']) assert.deepEqual(studies.add(instance(uid), 0), []);
  const ended = studies.add(instance('4'), 0);
  assert.deepEqual(
    ended.map(({ studyInstanceUid, reason }) => [studyInstanceUid, reason]),
    [['2', 'limit']],
  );
});

test('long texts count as several', () => {
  // A study, a series and a title, and 9 more for a Patient ID of 640 characters.
  const studies = tracker({ maxRemembered: 23 });
  const long = { patientId: 'x'.repeat(640) };
  const ended = ['1', '2', '3'].map((uid) => studies.add(instance(uid, long), 0).length);
  assert.deepEqual(ended, [0, 1, 1]);
  assert.equal(studies.add(instance('3', { seriesInstanceUid: '1'.repeat(65 * 64) }), 0).length, 1);
  for (const uid of ['4', '5', '6']) assert.deepEqual(studies.add(instance(uid), 0), []);
});

test('a study of more series than may be remembered ends and begins anew, and nothing is lost', () => {
  const studies = tracker({ maxRemembered: 10 });
  const ended = Array.from({ length: 100 }, (_, index) =>
    studies.add(instance('1', { seriesInstanceUid: `1.${index}` }), 0),
  ).flat();
  const all = [...ended, ...studies.takeAll()];
  assert.ok(ended.length > 5);
  assert.equal(
    all.reduce((sum, { instances }) => sum + instances, 0),
    100,
  );
});

test('whatever comes when: each instance is in one study that ends, once, and not before its silence', () => {
  const arrivals = fc.array(
    fc.record({ study: fc.constantFrom('1', '2', '3'), series: fc.nat(4), title: fc.nat(2), waitMs: fc.nat(70) }),
  );
  fc.assert(
    fc.property(arrivals, fc.integer({ min: 3, max: 40 }), (coming, maxRemembered) => {
      const studies = tracker({ maxRemembered });
      const counts = new Map<string, number>();
      const last = new Map<string, number>();
      let now = 0;
      let ended = 0;
      for (const { study, series, title, waitMs } of coming) {
        now += waitMs;
        for (const { studyInstanceUid, instances } of studies.takeSilent(now)) {
          assert.ok(now - (last.get(studyInstanceUid) ?? now) >= 100);
          assert.equal(instances, counts.get(studyInstanceUid));
          counts.delete(studyInstanceUid);
          ended += instances;
        }
        const more = { seriesInstanceUid: `${study}.${series}`, callingAeTitle: `AE${title}` };
        counts.set(study, (counts.get(study) ?? 0) + 1);
        last.set(study, now);
        for (const { studyInstanceUid, instances, reason } of studies.add(instance(study, more), now)) {
          assert.equal(reason, 'limit');
          counts.delete(studyInstanceUid);
          ended += instances;
        }
      }
      for (const { instances } of studies.takeAll()) ended += instances;
      assert.equal(ended, coming.length);
    }),
  );
});
