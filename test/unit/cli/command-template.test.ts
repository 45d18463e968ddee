/** Commands: how they are split, and that nothing a value holds makes it more than a part of its argument. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { commandParser, filledIn } from '../../../src/cli/command-template.js';

const parse = commandParser(['path', 'PatientID']);
const textFor = (name: string) => (name === 'path' ? '/in/CT.1' : 'a b');

const COMMANDS: readonly (readonly [command: string, program: string, ...args: string[]])[] = [
  ['run', 'run'],
  ['  run  a\tb\nc ', 'run', 'a', 'b', 'c'],
  ['run {path}', 'run', '/in/CT.1'],
  ['run {PatientID}', 'run', 'a b'],
  ['run --id={PatientID}:{path}.json', 'run', '--id=a b:/in/CT.1.json'],
  [`run 'a b' "c d" e\\ f`, 'run', 'a b', 'c d', 'e f'],
  [`run 'a'"b"c`, 'run', 'abc'],
  [`run '' ""`, 'run', '', ''],
  [`run 'a\\n"' "\\"\\\\\\n'"`, 'run', 'a\\n"', '"\\\\n\''],
  [`'/opt/my tools/run' {path}`, '/opt/my tools/run', '/in/CT.1'],
  [`run '{path}' "{path}" \\{path}`, 'run', '/in/CT.1', '/in/CT.1', '/in/CT.1'],
  ['run {{path}} {{}} {{{path}}}', 'run', '{path}', '{}', '{/in/CT.1}'],
  ['run $HOME * ~ ; | && > x `id` #', 'run', '$HOME', '*', '~', ';', '|', '&&', '>', 'x', '`id`', '#'],
];

const FAULTS: readonly (readonly [command: string, fault: string])[] = [
  ['', 'is empty'],
  ['  ', 'is empty'],
  ["run 'a", "the quotation mark ' has no end"],
  ['run "a\\"', 'the quotation mark " has no end'],
  ['run a\\', 'ends with a backslash'],
  ['run {', 'a { stands alone ({{ for the character itself)'],
  ['run path}', 'a } stands alone (}} for the character itself)'],
  ['run {Path}', '{Path} is not a placeholder ({{ and }} are braces): there are {path} {PatientID}'],
  ['run {}', '{} is not a placeholder ({{ and }} are braces): there are {path} {PatientID}'],
  ['{path} a', 'the program, which is the first word, takes no placeholder'],
  ['run{path} a', 'the program, which is the first word, takes no placeholder'],
];

describe('a command', () => {
  for (const [command, program, ...args] of COMMANDS)
    it(`${JSON.stringify(command)} is ${program} with ${JSON.stringify(args)}`, () => {
      const template = parse(command);
      assert.equal(template.program, program);
      assert.deepEqual(filledIn(template, textFor), args);
    });
  for (const [command, fault] of FAULTS)
    it(`${JSON.stringify(command)} is faulted`, () => assert.throws(() => parse(command), new RangeError(fault)));

  it('has as many arguments as its words, whatever the values are, and each value in them as it is', () => {
    const template = parse(`run {path} -x "{PatientID}" 'id={PatientID}!'`);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (path, id) => {
        const [safePath, safeId] = [path, id].map((text) => text.replaceAll('\0', '\ufffd'));
        assert.deepEqual(
          filledIn(template, (name) => (name === 'path' ? path : id)),
          [safePath, '-x', safeId, `id=${safeId}!`],
        );
      }),
    );
  });

  it('is parsed or faulted, whatever it is', () => {
    const pieces = fc.constantFrom('{', '}', '{path}', "'", '"', '\\', ' ', 'a', '\n');
    fc.assert(
      fc.property(fc.string({ unit: pieces }), (text) => {
        try {
          filledIn(parse(text), textFor);
        } catch (error) {
          assert.ok(error instanceof RangeError, String(error));
        }
      }),
    );
  });
});
