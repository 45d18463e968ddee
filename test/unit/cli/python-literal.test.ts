/** Python literals as they stand in args and kwargs. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PythonName, type PythonValue, parsePythonLiteral } from '../../../src/cli/python-literal.js';

describe('a Python literal', () => {
  const values: readonly (readonly [string, PythonValue])[] = [
    ['()', []],
    ['[]', []],
    ['{}', new Map()],
    ['(1,)', [1]],
    ['(1)', 1],
    ["('app.log', 'a', 10*1024*1024, 5)", ['app.log', 'a', 10_485_760, 5]],
    ['("it\'s", \'a "b"\')', ["it's", 'a "b"']],
    ["'a' \"b\"\n 'c'", 'abc'],
    [String.raw`'\x41\u00fc\101\t\\\'\"\d'`, 'A\u00fcA\t\\\'"\\d'],
    [String.raw`r'C:\new'`, 'C:\\new'],
    ["u'x'", 'x'],
    ["'''x'''", 'x'],
    ['(None, True, False, -5, 0x1F, 0o17)', [null, true, false, -5, 31, 15]],
    ['(sys.stderr,)', [new PythonName('sys.stderr')]],
    [
      "(('localhost', handlers.SYSLOG_UDP_PORT), [1, 2,],)",
      [
        ['localhost', new PythonName('handlers.SYSLOG_UDP_PORT')],
        [1, 2],
      ],
    ],
    [
      "{'when': 'midnight', 'interval': 1,}",
      new Map<string, PythonValue>([
        ['when', 'midnight'],
        ['interval', 1],
      ]),
    ],
  ];
  for (const [text, value] of values) it(`reads ${text}`, () => assert.deepEqual(parsePythonLiteral(text), value));

  const faults: readonly (readonly [string, string])[] = [
    ['', 'unexpected the end of the value'],
    ['(', 'unexpected the end of the value'],
    ['(1, 2', 'unexpected the end of the value'],
    ["('a' 1)", "unexpected '1'"],
    ['1, 2', "unexpected ','"],
    ["os.getenv('HOME')", "unexpected '('"],
    ["'open", "cannot read ''open'"],
    ['1.5', "cannot read '1.5'"],
    ['12ab', "cannot read '12ab'"],
    ["f'{x}'", "cannot read 'f'{x}''"],
    ['2 + 2', "cannot read '+ 2'"],
    ['2 * x', "unexpected 'x'"],
    ['-x', "unexpected 'x'"],
    ['{1: 2}', 'a key of a dictionary is no string'],
    ["{'a', 'b'}", "unexpected ','"],
    ['(,)', "unexpected ','"],
  ];
  for (const [text, message] of faults)
    it(`refuses ${text || 'an empty text'}`, () =>
      assert.throws(() => parsePythonLiteral(text), { name: 'SyntaxError', message }));

  it('is read as it was written', () => {
    const scalar = fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null));
    const value = fc.letrec<{ value: PythonValue }>((tie) => ({
      value: fc.oneof({ depthSize: 'small' }, scalar, fc.array(tie('value'), { maxLength: 4 })),
    })).value;
    fc.assert(fc.property(value, (written) => assert.deepEqual(parsePythonLiteral(pythonOf(written)), written)));
  });
});

function pythonOf(value: PythonValue): string {
  if (Array.isArray(value)) return `(${value.map((item) => `${pythonOf(item)},`).join(' ')})`;
  if (typeof value === 'string')
    return `'${value.replaceAll(/[\\'\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))}'`;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return value === null ? 'None' : String(value);
}
