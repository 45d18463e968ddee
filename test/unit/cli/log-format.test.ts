/** Log lines in Python's format. The expected texts are those of Python 3.13. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compileFormat, compileTimeFormat } from '../../../src/cli/log-format.js';

const TIME = new Date(2026, 10, 2, 3, 4, 5, 67);
const RECORD = { name: 'netdicom.acse', level: 'info', message: 'Association Accepted', time: TIME } as const;

describe('a format', () => {
  const formats: readonly (readonly [string, string])[] = [
    ['%(message)s', 'Association Accepted'],
    ['%(levelname)s:%(name)s:%(message)s', 'INFO:netdicom.acse:Association Accepted'],
    ['[%(levelname)-8s] [%(levelname)8s]', '[INFO    ] [    INFO]'],
    ['%(levelname)08s %(message).5s|%(name)-6.3s|', '    INFO Assoc|net   |'],
    [
      '%(levelno)d %(levelno)s %(levelno)5d %(levelno)05d %(levelno)-5d| %(levelno).4i',
      '20 20    20 00020 20   | 0020',
    ],
    ['%(asctime)s %(msecs)03d %(msecs)s', '2026-11-02 03:04:05,067 067 67.0'],
    ['%(asctime).10s', '2026-11-02'],
    ['%(process)d %(process)s', `${process.pid} ${process.pid}`],
    ['%(created)f %(created).1f', `${(TIME.getTime() / 1000).toFixed(6)} ${(TIME.getTime() / 1000).toFixed(1)}`],
    ['%(created)s', String(TIME.getTime() / 1000)],
    ['100%% %(processName)s %(threadName)s\nsecond', '100% MainProcess MainThread\nsecond'],
  ];
  for (const [format, line] of formats)
    it(`gives ${JSON.stringify(line)} for ${JSON.stringify(format)}`, () =>
      assert.equal(compileFormat(format)(RECORD), line));

  it('counts from the start of the process', () => {
    assert.match(compileFormat('%(relativeCreated)d')({ ...RECORD, time: new Date() }), /^\d{1,7}$/);
  });

  const faults: readonly (readonly [string, string])[] = [
    ['no field', 'format: no field such as %(message)s'],
    ['100% %(message)s', "format: '% ' cannot be honoured"],
    ['%(message)', "format: '%(message)' cannot be honoured"],
    ['%(message)r %(name)s', "format: '%(message)r ' cannot be honoured"],
    ['%(levelno)+d', "format: '%(levelno)+d' cannot be honoured"],
    ['%(created).101f', "format: '%(created).101f' cannot be honoured"],
    ['%(lineno)d', 'format: %(lineno) cannot be honoured'],
    ['%(asctime)s %(filename)s', 'format: %(filename) cannot be honoured'],
    ['%(name)d', 'format: %(name)d: name is no number'],
  ];
  for (const [format, message] of faults)
    it(`refuses ${format}`, () => assert.throws(() => compileFormat(format), { name: 'SyntaxError', message }));
});

describe('a date format', () => {
  const formats: readonly (readonly [string, string])[] = [
    ['%Y-%m-%d %H:%M:%S', '2026-11-02 03:04:05'],
    ['%a %A %b %B %d %e', 'Mon Monday Nov November 02  2'],
    ['%I:%M:%S %p %y %j %w %u', '03:04:05 AM 26 306 1 1'],
    ['%c', 'Mon Nov  2 03:04:05 2026'],
    ['%D %F %h %R %T %r %x %X', '11/02/26 2026-11-02 Nov 03:04 03:04:05 03:04:05 AM 11/02/26 03:04:05'],
    ['%s', String(Math.floor(TIME.getTime() / 1000))],
    ['%%d %%%d', '%d %02'],
    ['at', 'at'],
  ];
  for (const [format, text] of formats)
    it(`gives ${text} for ${format}`, () => {
      assert.equal(compileTimeFormat(format)(TIME), text);
      assert.equal(compileFormat('%(asctime)s', format)(RECORD), text);
    });

  it('has noon and midnight as twelve', () => {
    assert.equal(compileTimeFormat('%I%p')(new Date(2026, 0, 1, 0)), '12AM');
    assert.equal(compileTimeFormat('%I%p %u')(new Date(2026, 1, 1, 12)), '12PM 7');
  });

  it('has the zone as hours and minutes east of UTC', () => {
    const zone = compileTimeFormat('%z')(TIME);
    const [, sign, hours, minutes] = /^([-+])(\d\d)(\d\d)$/.exec(zone) ?? [];
    assert.equal(Number(`${sign}${Number(hours) * 60 + Number(minutes)}`) + TIME.getTimezoneOffset(), 0);
  });

  for (const [format, directive] of [
    ['%H %Z', '%Z'],
    ['%f', '%f'],
    ['%-d', '%-'],
    ['50%', '%'],
    ['%%%', '%'],
  ] as const)
    it(`refuses ${format}`, () =>
      assert.throws(() => compileTimeFormat(format), { message: `datefmt: '${directive}' cannot be honoured` }));
});
