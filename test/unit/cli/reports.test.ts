/** Reports: what a record says, how it is written and read back, what is in the file at any moment. */
import assert from 'node:assert/strict';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
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
import { ReportFile } from '../../../src/cli/report-file.js';
import { jsonOf, REPORT_FORMATS } from '../../../src/cli/report-format.js';
import { readReport } from '../../../src/cli/report-reader.js';
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
  fc.constantFrom('=1+1', "'", "'=x", '@a,"b"', '\u2028', '-\r\n'),
);
const filled = text.filter((value) => value !== '');
const amount = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const record: fc.Arbitrary<StoreRecord> = fc.record(
  {
    path: filled,
    outcome: fc.constantFrom(...RECORD_OUTCOMES),
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
        const json = jsonOf(one);
        assert.equal(json, printable(json));
        assert.deepEqual(JSON.parse(json), one);
      }),
    );
  });

  it('is a line of CSV whose cells no spreadsheet takes for formulas', () => {
    fc.assert(
      fc.property(record, (one) => {
        const line = REPORT_FORMATS.csv.line(one, false);
        assert.match(line, /^[^\r\n]*\r\n$/);
        for (const cell of line.trimEnd().match(/(?<=^|,)("(?:[^"]|"")*"|[^",]*)/g) ?? [])
          assert.doesNotMatch(cell.replace(/^"/, ''), /^[=+\-@\t]/);
      }),
    );
  });
});

for (const form of ['json', 'ndjson', 'csv'] as const)
  describe(`a .${form} report`, () => {
    const expected = (records: readonly StoreRecord[]) => (form === 'csv' ? records.map(printableRecord) : records);
    const pathOf = (name: string) => join(folder, `${name}.${form}`);

    it('is whole after each record, and reads back', () => {
      fc.assert(
        fc.property(fc.array(record, { maxLength: 4 }), (records) => {
          const path = pathOf('whole');
          const report = new ReportFile(path);
          report.takePlace();
          assert.deepEqual([...readReport(path)], []);
          for (const [index, one] of records.entries()) {
            report.add(one);
            assert.deepEqual([...readReport(path)], expected(records.slice(0, index + 1)));
            if (form === 'json') assert.equal(JSON.parse(readFileSync(path, 'utf8')).length, index + 1);
          }
          report.complete();
          assert.deepEqual([...readReport(path)], expected(records));
        }),
        { numRuns: 40 },
      );
    });

    it('may break off in its last line', () => {
      const path = pathOf('torn');
      const records = [1, 2, 3].map(
        (number): StoreRecord => ({ path: `/${number}`, outcome: 'stored', bytes: number }),
      );
      const report = new ReportFile(path);
      report.takePlace();
      for (const one of records) report.add(one);
      report.complete();
      const whole = readFileSync(path);
      for (let length = whole.length; length > whole.length - 20; length--) {
        writeFileSync(path, whole.subarray(0, length));
        const read = [...readReport(path)];
        assert.ok(read.length >= 2 && read.length <= 3);
        assert.deepEqual(read.slice(0, 2), records.slice(0, 2));
      }
    });

    it('keeps the one before until it is complete', () => {
      const path = pathOf('again');
      const previous = `${path}.previous`;
      writeFileSync(path, 'what was there');
      const report = new ReportFile(path);
      assert.equal(readFileSync(path, 'utf8'), 'what was there');
      report.takePlace();
      assert.equal(readFileSync(previous, 'utf8'), 'what was there');
      report.add({ path: '/a', outcome: 'left' });
      report.complete();
      assert.deepEqual([existsSync(previous), [...readReport(path)].length], [false, 1]);
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
  it('stays a link', () => {
    const [target, link] = [join(folder, 'target.csv'), join(folder, 'link.csv')];
    writeFileSync(target, '');
    symlinkSync(target, link);
    const report = new ReportFile(link);
    report.takePlace();
    report.complete();
    assert.ok(lstatSync(link).isSymbolicLink());
    assert.match(readFileSync(target, 'utf8'), /^path,outcome,/);
  });

  it('replaces no folder', () => {
    const path = join(folder, 'folder.json');
    mkdirSync(path);
    assert.throws(() => new ReportFile(path), { message: `cannot write report ${path}: not a regular file` });
  });

  it('that is none is told by its line', () => {
    const cases = [
      ['a.ndjson', '{"path":"/a","outcome":"stored"}\nnonsense\n', 'line 2 is no record'],
      ['b.ndjson', '{"path":1,"outcome":"stored"}\n', 'line 1 is no record'],
      ['c.json', '[{"path":"/a","outcome":"stored"},{}]', 'record 2 is no record'],
      ['d.csv', 'path,outcome\r\n/a,stored\r\n/b\r\n', 'line 3 is no record'],
      ['e.csv', 'patient,name\r\n1,2\r\n', 'line 2 is no record'],
    ] as const;
    for (const [name, content, why] of cases) {
      const path = join(folder, name);
      writeFileSync(path, content);
      assert.throws(() => [...readReport(path)], { message: `cannot use report ${path}: ${why}` });
    }
    const missing = join(folder, 'missing.csv');
    assert.throws(() => [...readReport(missing)], {
      message: `cannot read report ${missing}: no such file or directory`,
    });
  });

  it('may have passed through other hands', () => {
    const reformatted = join(folder, 'pretty.json');
    const one = { path: '/a', outcome: 'stored' as const, bytes: 7, converted: true };
    writeFileSync(reformatted, JSON.stringify([one], undefined, 2));
    assert.deepEqual([...readReport(reformatted)], [one]);
    const saved = join(folder, 'saved.csv');
    writeFileSync(saved, '"outcome","path","bytes","converted","mine"\n"stored","/a","7","TRUE","x"\n');
    assert.deepEqual([...readReport(saved)], [{ ...one, mine: 'x' }]);
  });
});

describe('what is left out', () => {
  const file = instanceFile('a.dcm');
  const stored = new StoredFiles(absolute);
  const told = recordOf(answered(0xb000, file), absolute);
  assert.ok(told !== undefined);
  it('is what was stored, unless the file is another one by now', () => {
    assert.equal(stored.add({ ...told, outcome: 'unanswered' }), false);
    assert.equal(stored.has(file), false);
    assert.equal(stored.add(told), true);
    assert.equal(stored.has(file), true);
    for (const changed of [{ sopInstanceUid: '1.2.4' }, { size: 1301 }, { modifiedMs: file.modifiedMs + 1 }])
      assert.equal(stored.has({ ...file, ...changed }), false);
    assert.equal(stored.has({ ...file, path: 'b.dcm' }), false);
    assert.equal(stored.met, 1);
  });
});
