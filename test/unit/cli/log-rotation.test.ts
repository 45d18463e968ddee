/** Log files and their rotation: names, times, and that no line is lost. */
import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { LogFile } from '../../../src/cli/log-file.js';
import { rotationBySize, rotationByTime } from '../../../src/cli/log-rotation.js';
import { runChild } from '../../support/cli-child.js';

let folder = '';
let path = '';
let count = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-log-'));
});
beforeEach(() => {
  mkdirSync(join(folder, String(++count)));
  path = join(folder, String(count), 'app.log');
});
after(() => rmSync(folder, { recursive: true }));

function files(): Record<string, string> {
  const names = readdirSync(join(path, '..')).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(path, '..', name), 'utf8')]));
}

describe('a log file', () => {
  for (const [mode, expected] of [
    ['a', 'old\nnew\n'],
    ['w', 'new\n'],
  ] as const)
    it(`treats the lines of an earlier run as its mode ${mode} says`, async () => {
      writeFileSync(path, 'old\n');
      const file = new LogFile(path, { mode, delay: false });
      file.write('new');
      assert.equal(readFileSync(path, 'utf8'), expected);
      await file.close();
      await file.close();
    });

  it('refuses an old file in mode x', () => {
    writeFileSync(path, '');
    assert.throws(() => new LogFile(path, { mode: 'x', delay: false }), { code: 'EEXIST' });
  });

  it('is not there before its first line with delay, and empties the old one once', async () => {
    const file = new LogFile(path, { mode: 'w', delay: true });
    assert.equal(existsSync(path), false);
    writeFileSync(path, 'old\n');
    file.write('one');
    await file.close();
    file.write('two');
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
    await file.close();
  });

  it('says once on standard error that it cannot be written', () => {
    const child = runChild(`import { LogFile } from 'cli:log-file.js';
      const file = new LogFile('/dev/full', { mode: 'a', delay: false });
      file.write('one'); file.write('two');`);
    assert.match(child.stderr, /^E: log \/dev\/full: ENOSPC: [^\n]*\n$/);
    assert.equal(child.status, 0);
  });
});

describe('rotation by size', () => {
  it('keeps the newest lines under .1, .2 ..., no file over the limit', async () => {
    const file = new LogFile(path, { mode: 'a', delay: false, rotation: rotationBySize(path, 9, 2) });
    for (const line of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'long line, longer than the limit', 'i'])
      file.write(line);
    assert.deepEqual(files(), {
      'app.log': 'i\n',
      'app.log.1': 'long line, longer than the limit\n',
      'app.log.2': 'e\nf\ng\nh\n',
    });
    await file.close();
  });

  it('goes on from the size that an earlier run left', async () => {
    writeFileSync(path, '12345678\n');
    const file = new LogFile(path, { mode: 'a', delay: true, rotation: rotationBySize(path, 10, 1) });
    file.write('x');
    assert.deepEqual(files(), { 'app.log': 'x\n', 'app.log.1': '12345678\n' });
    await file.close();
  });

  it('is none without a limit or a number of old files', () => {
    assert.equal(rotationBySize(path, 0, 5), undefined);
    assert.equal(rotationBySize(path, 10, 0), undefined);
  });

  it('lets a device grow', async () => {
    const file = new LogFile('/dev/null', { mode: 'a', delay: false, rotation: rotationBySize('/dev/null', 1, 1) });
    file.write('gone');
    await file.close();
    assert.equal(existsSync('/dev/null.1'), false);
  });

  it('writes on in the old file if it cannot be moved', () => {
    mkdirSync(`${path}.1`);
    writeFileSync(join(`${path}.1`, 'in-the-way'), '');
    const child = runChild(`import { LogFile } from 'cli:log-file.js';
      import { rotationBySize } from 'cli:log-rotation.js';
      const path = ${JSON.stringify(path)};
      const file = new LogFile(path, { mode: 'w', delay: false, rotation: rotationBySize(path, 4, 1) });
      for (const line of ['one', 'two', 'three']) file.write(line);`);
    assert.match(child.stderr, /^E: log [^\n]*app\.log: EISDIR: [^\n]*\n$/);
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\nthree\n');
  });
});

/** Local time, so that the table holds in every zone. */
function local(text: string): number {
  return new Date(text).getTime();
}
const utc = (text: string): number => Date.parse(`${text}Z`);

describe('rotation by time', () => {
  const cases: readonly (readonly [string, number, (text: string) => number, string, string, string])[] = [
    ['S', 10, local, '2026-11-22T10:00:00', '2026-11-22T10:00:10', '2026-11-22_10-00-00'],
    ['m', 1, local, '2026-11-22T10:00:30', '2026-11-22T10:01:30', '2026-11-22_10-00'],
    ['H', 2, utc, '2026-11-22T23:10:00', '2026-11-23T01:10:00', '2026-11-22_23'],
    ['d', 1, utc, '2026-11-22T10:00:00', '2026-11-23T10:00:00', '2026-11-22'],
    ['midnight', 1, local, '2026-11-22T10:00:00', '2026-11-23T00:00:00', '2026-11-22'],
    ['MIDNIGHT', 3, local, '2026-12-30T10:00:00', '2027-01-02T00:00:00', '2026-12-30'],
    ['midnight', 1, utc, '2026-11-22T23:59:59', '2026-11-23T00:00:00', '2026-11-22'],
    // 22 November 2026 is a Sunday, day 6.
    ['W6', 1, local, '2026-11-22T10:00:00', '2026-11-23T00:00:00', '2026-11-16'],
    ['w0', 1, local, '2026-11-22T10:00:00', '2026-11-24T00:00:00', '2026-11-17'],
    ['W0', 2, utc, '2026-11-22T10:00:00', '2026-12-01T00:00:00', '2026-11-17'],
  ];
  for (const [when, interval, zone, start, end, stamp] of cases)
    it(`with ${when} x ${interval} moves a file of ${start} at ${end} to .${stamp}`, () => {
      let clock = zone(start);
      const rotation = rotationByTime(path, { when, interval, backupCount: 0, utc: zone === utc, now: () => clock });
      clock = zone(end) - 1;
      assert.equal(rotation.isDue(0, 0), false);
      clock = zone(end);
      assert.equal(rotation.isDue(0, 0), true);
      writeFileSync(path, 'old');
      rotation.rotate();
      assert.deepEqual(files(), { [`app.log.${stamp}`]: 'old' });
      assert.equal(rotation.isDue(0, 0), false);
    });

  it('counts from the last line of an earlier run', () => {
    writeFileSync(path, 'old\n');
    utimesSync(path, new Date(local('2026-11-20T10:00:00')), new Date(local('2026-11-20T10:00:00')));
    const now = () => local('2026-11-22T10:00:00');
    const rotation = rotationByTime(path, { when: 'midnight', interval: 1, backupCount: 0, utc: false, now });
    const file = new LogFile(path, { mode: 'a', delay: false, rotation });
    file.write('new');
    assert.deepEqual(files(), { 'app.log': 'new\n', 'app.log.2026-11-20': 'old\n' });
    void file.close();
  });

  it('keeps so many old files and touches no stranger', () => {
    let clock = utc('2026-11-04T10:00:00');
    const rotation = rotationByTime(path, {
      when: 'midnight',
      interval: 1,
      backupCount: 2,
      utc: true,
      now: () => clock,
    });
    const old = ['2026-11-01', '2026-11-03', '2026-11-02', '2026-11-02_10', 'x', '2026-11-01.gz'];
    for (const name of old) writeFileSync(`${path}.${name}`, '');
    writeFileSync(path, 'new');
    clock = utc('2026-11-05T00:00:00');
    rotation.rotate();
    assert.deepEqual(
      Object.keys(files()),
      ['2026-11-01.gz', '2026-11-02_10', '2026-11-03', '2026-11-04', 'x'].map((name) => `app.log.${name}`),
    );
  });

  it('leaves the lines where they are if the name is taken', () => {
    let clock = utc('2026-11-22T10:00:00');
    const rotation = rotationByTime(path, {
      when: 'midnight',
      interval: 1,
      backupCount: 0,
      utc: true,
      now: () => clock,
    });
    const file = new LogFile(path, { mode: 'a', delay: false, rotation });
    file.write('one');
    writeFileSync(`${path}.2026-11-22`, 'first\n');
    clock = utc('2026-11-23T10:00:00');
    file.write('two');
    file.write('three');
    clock = utc('2026-11-24T10:00:00');
    file.write('four');
    assert.deepEqual(files(), {
      'app.log': 'four\n',
      'app.log.2026-11-22': 'first\n',
      'app.log.2026-11-23': 'one\ntwo\nthree\n',
    });
    void file.close();
  });

  for (const [when, interval, message] of [
    ['Y', 1, "when: 'Y' is not S, M, H, D, midnight or W0 to W6"],
    ['W7', 1, "when: 'W7' is not S, M, H, D, midnight or W0 to W6"],
    ['H', 0, 'interval: 0 is less than 1'],
  ] as const)
    it(`refuses ${when} x ${interval}`, () =>
      assert.throws(() => rotationByTime(path, { when, interval, backupCount: 0, utc: true }), { message }));
});
