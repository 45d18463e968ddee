/** Reports: what a record says, how it is written and read back, what is in the file at any moment. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { recordSchema } from '../../../scripts/record-schema.js';
import { jsonText } from '../../../src/cli/json-text.js';
import { createLog, stderrBackend } from '../../../src/cli/log.js';
import { ReportFile } from '../../../src/cli/report-file.js';
import { REPORT_FORMATS } from '../../../src/cli/report-format.js';
import { readReport } from '../../../src/cli/report-reader.js';
import { Reports } from '../../../src/cli/reports.js';
import { StoredFiles } from '../../../src/cli/resume.js';
import {
  RECORD_FIELDS,
  RECORD_OUTCOMES,
  recordOf,
  recordsOf,
  type StoreRecord,
} from '../../../src/cli/store-record.js';
import { FileError, printable } from '../../../src/index.js';
import { answered, instanceFile, unanswered } from '../../support/cli-outcomes.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-reports-'));
});
after(() => rmSync(folder, { recursive: true }));
const absolute = (path: string) => `/home/${path}`;

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.constantFrom('=1+1', "'", "'=x", '@a,"b"', '\u2028', '-\r\n', 'a;=1', ";'=1", '";\'@'),
);
const filled = text.filter((value) => value !== '');
const amount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const record: fc.Arbitrary<StoreRecord> = fc.record(
  {
    path: filled,
    outcome: fc.constantFrom(...RECORD_OUTCOMES),
    peer: filled,
    calledAet: filled,
    sopClassUid: filled,
    sopInstanceUid: filled,
    presentationContextId: amount,
    transferSyntax: filled,
    converted: fc.boolean(),
    status: filled,
    meaning: filled,
    comment: filled,
    error: filled,
    bytes: amount,
    ms: amount.map((tenths) => tenths / 10),
    attempts: amount,
    fileSize: amount,
    fileModified: filled,
  },
  { requiredKeys: ['path', 'outcome'], noNullPrototype: true },
);

async function recordsIn(path: string): Promise<StoreRecord[]> {
  const records: StoreRecord[] = [];
  for await (const some of readReport(path)) records.push(...some);
  return records;
}

/** As CSV holds it. */
function printableRecord(of: StoreRecord): object {
  return Object.fromEntries(
    Object.entries(of).map(([key, value]) => [key, typeof value === 'string' ? printable(value) : value]),
  );
}

describe('a record', () => {
  const file = instanceFile('a.dcm', { sopInstanceUid: '1.2.3.4' });
  const sent = {
    path: '/home/a.dcm',
    sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
    sopInstanceUid: '1.2.3.4',
    presentationContextId: 3,
    transferSyntax: '1.2.840.10008.1.2.1',
    converted: false,
    bytes: 1000,
    ms: 12.3,
    attempts: 1,
    fileSize: 1300,
    fileModified: '2026-01-02T03:04:05.678Z',
  };
  const isValid = new Ajv({ strict: true }).compile(recordSchema());

  it('tells of an outcome', () => {
    const cases = [
      [answered(0, file), { ...sent, outcome: 'stored', status: '0x0000', meaning: 'Success' }],
      [
        answered(0xa701, file, { isConverted: true, errorComment: 'full' }),
        {
          ...sent,
          outcome: 'refused',
          converted: true,
          transferSyntax: '1.2.840.10008.1.2',
          status: '0xA701',
          meaning: 'Out of Resources',
          comment: 'full',
        },
      ],
      [unanswered(file), { ...sent, outcome: 'unanswered', error: 'connection lost' }],
      [
        { type: 'not-sent', path: 'b', error: new FileError('b', 'gone'), attempts: 1 },
        { path: '/home/b', outcome: 'not-sent', error: 'gone' },
      ],
    ] as const;
    for (const [outcome, expected] of cases) {
      const told = recordOf(outcome, absolute);
      assert.deepEqual(told, expected);
      assert.ok(isValid(told), JSON.stringify(isValid.errors));
      assert.ok(Object.keys(told ?? {}).every((key) => key in RECORD_FIELDS));
    }
    assert.equal(recordOf({ type: 'verified', status: answered(0, file).status }, absolute), undefined);
  });

  it('tells of what has no outcome', () => {
    const error = new Error('no DICOM');
    assert.deepEqual(recordsOf({ type: 'skipped', path: 'n.txt', error }, absolute), [
      { path: '/home/n.txt', outcome: 'skipped', error: 'no DICOM' },
    ]);
    assert.deepEqual(recordsOf({ type: 'left', paths: ['a', 'b'], isAll: false }, absolute), [
      { path: '/home/a', outcome: 'left' },
      { path: '/home/b', outcome: 'left' },
    ]);
    assert.deepEqual(recordsOf({ type: 'sending', instance: file }, absolute), []);
  });

  it('is JSON on one line of printable characters, and says the same', () => {
    fc.assert(
      fc.property(record, (one) => {
        const json = jsonText(one);
        assert.equal(json, printable(json));
        assert.deepEqual(JSON.parse(json), one);
      }),
    );
  });

  it('is a line of CSV whose cells no spreadsheet takes for formulas', () => {
    fc.assert(
      fc.property(record, (one) => {
        const line = REPORT_FORMATS.csv.line(one);
        assert.match(line, /^[^\r\n]*\r\n$/);
        for (const cell of line.trimEnd().match(/(?<=^|,)("(?:[^"]|"")*"|[^",]*)/g) ?? [])
          assert.doesNotMatch(cell.replace(/^"/, ''), /^[=+\-@\t]/);
        // Nor where cells are parted by semicolons, whatever is quoted.
        for (const cell of line.split(';')) assert.doesNotMatch(cell, /^"?[=+\-@\t]/);
      }),
    );
  });
});

for (const form of ['json', 'ndjson', 'csv'] as const)
  describe(`a .${form} report`, () => {
    const expected = (records: readonly StoreRecord[]) => (form === 'csv' ? records.map(printableRecord) : records);
    const pathOf = (name: string) => join(folder, `${name}.${form}`);

    it('is whole after each record, and reads back', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(record, { maxLength: 4 }), async (records) => {
          const path = pathOf('whole');
          const report = new ReportFile(path);
          report.takePlace();
          assert.deepEqual(await recordsIn(path), []);
          for (const [index, one] of records.entries()) {
            report.add(one);
            assert.deepEqual(await recordsIn(path), expected(records.slice(0, index + 1)));
            if (form === 'json') assert.equal(JSON.parse(readFileSync(path, 'utf8')).length, index + 1);
          }
          report.complete();
          assert.deepEqual(await recordsIn(path), expected(records));
        }),
        { numRuns: 40 },
      );
    });

    it('may break off in its last line', async () => {
      const path = pathOf('torn');
      const records = [1, 2, 3].map(
        (number): StoreRecord => ({ path: `/${number}`, outcome: 'stored', bytes: number }),
      );
      const report = new ReportFile(path);
      report.takePlace();
      for (const one of records) report.add(one);
      report.complete();
      const whole = readFileSync(path);
      const third = whole.indexOf('/3');
      for (let length = whole.length; length >= 0; length--)
        for (const tail of ['', '\0\0\0']) {
          writeFileSync(path, Buffer.concat([whole.subarray(0, length), Buffer.from(tail)]));
          const read = await recordsIn(path);
          assert.ok(read.length >= 2 || length < third);
          // A value at the end of a line of CSV may be cut, or have zeros at its end.
          const complete = form === 'csv' ? read.slice(0, -1) : read;
          assert.deepEqual(complete, records.slice(0, complete.length));
        }
    });

    it('may break off while a record is written over its end', async () => {
      const path = pathOf('overwritten');
      const report = new ReportFile(path);
      report.takePlace();
      let records = 0;
      for (const one of ['/1', '/2', '/3'].map((name): StoreRecord => ({ path: name, outcome: 'stored' }))) {
        const before = readFileSync(path);
        report.add(one);
        const after = readFileSync(path);
        for (let length = 0; length <= after.length; length++) {
          const torn = Buffer.from(length < before.length ? before : after.subarray(0, length));
          after.copy(torn, 0, 0, length);
          writeFileSync(`${path}.torn.${form}`, torn);
          const read = await recordsIn(`${path}.torn.${form}`);
          assert.ok(read.length >= records && read.length <= records + 1);
        }
        records++;
      }
      report.complete();
    });

    it('keeps the one before until it is complete', async () => {
      const path = pathOf('again');
      const previous = `${path}.previous`;
      writeFileSync(path, 'what was there');
      const report = new ReportFile(path);
      assert.equal(readFileSync(path, 'utf8'), 'what was there');
      report.takePlace();
      assert.equal(readFileSync(previous, 'utf8'), 'what was there');
      report.add({ path: '/a', outcome: 'left' });
      report.complete();
      assert.deepEqual([existsSync(previous), (await recordsIn(path)).length], [false, 1]);
    });

    it('keeps what killed runs have left, and what is not its own', () => {
      const path = pathOf('killed');
      const contents = () =>
        ['', '.previous', '.previous.2', '.previous.3'].map((end) =>
          existsSync(path + end) ? readFileSync(path + end, 'utf8') : undefined,
        );
      writeFileSync(path, 'of a killed run');
      writeFileSync(`${path}.previous`, 'a whole one');
      const killed = new ReportFile(path);
      killed.takePlace();
      killed.abandon();
      assert.deepEqual(contents().slice(1), ['a whole one', 'of a killed run', undefined]);
      const [whole = ''] = contents();
      const report = new ReportFile(path);
      report.takePlace();
      assert.deepEqual(contents().slice(1), ['a whole one', 'of a killed run', whole]);
      report.complete();
      assert.deepEqual(contents().slice(1), ['a whole one', 'of a killed run', undefined]);
    });

    it('is written by one at a time', () => {
      const path = pathOf('twice');
      const first = new ReportFile(path);
      first.takePlace();
      const isInUse = new RegExp(`^Error: cannot write report .*: in use by process ${process.pid} on .*$`);
      assert.throws(() => new ReportFile(path), isInUse);
      first.complete();
      assert.equal(existsSync(`${path}.lock`), false);
      new ReportFile(path).discard();
    });

    it('may begin with a byte order mark', async () => {
      const path = pathOf('marked');
      const report = new ReportFile(path);
      report.takePlace();
      report.add({ path: '/a', outcome: 'left' }, { path: '/b', outcome: 'stored' });
      report.complete();
      writeFileSync(path, `\uFEFF${readFileSync(path, 'utf8')}`);
      assert.deepEqual(await recordsIn(path), [
        { path: '/a', outcome: 'left' },
        { path: '/b', outcome: 'stored' },
      ]);
    });

    it('leaves the one before where it is if it is not begun', () => {
      const path = pathOf('discarded');
      writeFileSync(path, 'what was there');
      new ReportFile(path).discard();
      assert.equal(readFileSync(path, 'utf8'), 'what was there');
      assert.equal(existsSync(`${path}.part`), false);
    });
  });

describe('a report', () => {
  for (const isThere of [true, false])
    it(`stays a link to what is ${isThere ? 'there' : 'not there yet'}`, () => {
      const [target, link] = [join(folder, `target ${isThere}.csv`), join(folder, `link ${isThere}.csv`)];
      if (isThere) writeFileSync(target, '');
      symlinkSync(target, link);
      const report = new ReportFile(link);
      report.takePlace();
      report.complete();
      assert.ok(lstatSync(link).isSymbolicLink());
      assert.match(readFileSync(target, 'utf8'), /^path,outcome,/);
    });

  it('stays behind every link on the way, each from the folder that it is in', () => {
    mkdirSync(join(folder, 'real', 'deep'), { recursive: true });
    mkdirSync(join(folder, 'work'));
    for (const [target, link] of [
      ['../real/deep', 'work/deep'],
      ['../second.csv', 'real/deep/first.csv'],
      ['third.csv', 'real/second.csv'],
    ] as const)
      symlinkSync(target, join(folder, link));
    const report = new ReportFile(join(folder, 'work', 'deep', 'first.csv'));
    report.takePlace();
    report.complete();
    assert.ok(lstatSync(join(folder, 'real', 'second.csv')).isSymbolicLink());
    assert.match(readFileSync(join(folder, 'real', 'third.csv'), 'utf8'), /^path,outcome,/);
  });

  it('is in no circle of links', () => {
    const circle = join(folder, 'circle.csv');
    symlinkSync(circle, circle);
    assert.throws(() => new ReportFile(circle), /symbolic links/);
  });

  it('replaces no folder', () => {
    const path = join(folder, 'folder.json');
    mkdirSync(path);
    assert.throws(() => new ReportFile(path), { message: `cannot write report ${path}: not a regular file` });
  });

  it('that is none is told by its line', async () => {
    const cases = [
      ['a.ndjson', '{"path":"/a","outcome":"stored"}\nnonsense\n', 'line 2 is no record'],
      ['b.ndjson', '{"path":1,"outcome":"stored"}\n', 'line 1 is no record'],
      ['c.json', '[{"path":"/a","outcome":"stored"},{}]', 'record 2 is no record'],
      ['d.csv', 'path,outcome\r\n/a,stored\r\n/b\r\n', 'line 3 is no record'],
      ['e.csv', 'patient,name\r\n', 'line 1 does not name the columns path and outcome'],
      ['f.csv', 'path;outcome\r\n/a;stored\r\n', 'line 1 does not name the columns path and outcome'],
      ['g.csv', '/a', 'line 1 does not name the columns path and outcome'],
      ['h.csv', 'path,out\r\n', 'line 1 does not name the columns path and outcome'],
      ['i.ndjson', 'nonsense', 'line 1 is no record'],
      ['j.json', '{rubbish', 'line 1 is no record'],
      ['k.json', '\0\0nonsense', 'line 1 is no record'],
      ['l.ndjson', `{"path":"/a","outcome":"stored"}\n${'x'.repeat(2_000_000)}`, 'line 2 is too long for a record'],
    ] as const;
    for (const [name, content, why] of cases) {
      const path = join(folder, name);
      writeFileSync(path, content);
      await assert.rejects(recordsIn(path), { message: `cannot use report ${path}: ${why}` });
    }
    const missing = join(folder, 'missing.csv');
    await assert.rejects(recordsIn(missing), {
      message: `cannot read report ${missing}: no such file or directory`,
    });
  });

  it('may have passed through other hands', async () => {
    const reformatted = join(folder, 'pretty.json');
    const one = { path: '/a', outcome: 'stored' as const, bytes: 7, converted: true };
    writeFileSync(reformatted, JSON.stringify([one], undefined, 2));
    assert.deepEqual(await recordsIn(reformatted), [one]);
    const saved = join(folder, 'saved.csv');
    writeFileSync(saved, '"outcome","path","bytes","converted","mine"\n"stored","/a","7","TRUE","x"\n');
    assert.deepEqual(await recordsIn(saved), [{ ...one, mine: 'x' }]);
  });
});

it('reports are not begun when a signal comes while one is read', async () => {
  const [from, to] = [join(folder, 'from.csv'), join(folder, 'to.json')];
  writeFileSync(from, 'path,outcome\r\n/a,stored\r\n');
  const log = createLog('storescu', stderrBackend('critical'));
  const signal = AbortSignal.abort(new Error('interrupted'));
  const peer = { host: 'pacs', port: 104, calledAeTitle: 'PACS' };
  const opening = Reports.open(
    { ...peer, resumeFile: from, reportFile: to, json: false },
    { log, makeRoom: () => undefined, signal },
  );
  await assert.rejects(opening, { message: 'interrupted' });
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.startsWith('to.')),
    [],
  );
});

describe('what is left out', () => {
  const file = instanceFile('a.dcm');
  const peer = { peer: 'pacs:104', calledAet: 'PACS' };
  const record = recordOf(answered(0xb000, file), absolute);
  assert.ok(record !== undefined);
  const told = { ...record, ...peer };
  it('is what was stored, unless the file is another one by now', () => {
    const stored = new StoredFiles(peer, absolute);
    stored.add({ ...told, outcome: 'unanswered' });
    assert.equal(stored.has(file), false);
    stored.add(told);
    assert.equal(stored.has(file), true);
    for (const changed of [{ sopInstanceUid: '1.2.4' }, { size: 1301 }, { modifiedMs: file.modifiedMs + 1 }])
      assert.equal(stored.has({ ...file, ...changed }), false);
    assert.equal(stored.has({ ...file, path: 'b.dcm' }), false);
    assert.equal(stored.met, 1);
    assert.equal(stored.onlyElsewhere, undefined);
  });

  it('is what was stored at the same peer', () => {
    const stored = new StoredFiles(peer, absolute);
    for (const [other, inWords] of [
      [{ ...told, peer: 'other:104' }, 'PACS at other:104'],
      [{ ...told, calledAet: 'OTHER' }, 'OTHER at pacs:104'],
      [record, 'unknown at unknown'],
    ] as const) {
      stored.add(other);
      assert.equal(stored.has(file), false);
      const alone = new StoredFiles(peer, absolute);
      alone.add(other);
      assert.equal(alone.onlyElsewhere, inWords);
    }
    stored.add(told);
    assert.deepEqual([stored.has(file), stored.onlyElsewhere], [true, undefined]);
  });

  it('is nothing whose time of writing has no words', () => {
    const strange = instanceFile('a.dcm', { modifiedMs: 8.64e15 + 1 });
    const of = recordOf(answered(0, strange), absolute);
    assert.ok(of !== undefined && !('fileModified' in of));
    const stored = new StoredFiles(peer, absolute);
    stored.add({ ...of, ...peer });
    assert.equal(stored.has(strange), false);
  });
});
