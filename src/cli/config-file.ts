/** The file of `--config`: a JSON object of options by their long names, read with the place of every value. */
import { type DocumentNode, parse, type ValueNode } from '@humanwhocodes/momoa';
import { CommandLineError } from './command-line-error.js';
import { configKeys, type SettingOrArgument, valueForm } from './config-keys.js';
import { type Given, givenValue, type Place } from './given.js';
import { suggestion } from './nearest-name.js';
import type { Application } from './option-table.js';
import { messageOf } from './printable.js';
import { readTextFile } from './text-file.js';

/** A place in the file, from line and column 1. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** For editors, which find the schema of the file by it. */
const SCHEMA_KEY = '$schema';

/**
 * What the file gives; all of it is checked, also what stronger places outdo.
 * @throws {CommandLineError} one line with path, line and column, and the key or value at fault.
 */
export function readConfigFile(application: Application, path: string): Place {
  const { body } = parseJson(readTextFile('--config', path), path);
  if (body.type !== 'Object') throw fault(path, body.loc.start, `${inWords(body)} is not an object of options`);
  const rows = configKeys(application);
  const seen = new Set<string>();
  const place = new Map<string, Given & { readonly option: string }>();
  for (const { name, value } of body.members) {
    const option = name.type === 'String' ? name.value : name.name;
    if (seen.has(option)) throw fault(path, name.loc.start, `${option} is there twice`);
    seen.add(option);
    if (option === SCHEMA_KEY) continue;
    const row = rows.get(option);
    if (row === undefined)
      throw fault(path, name.loc.start, `unknown option ${option}${suggestion(option, rows.keys())}`);
    const texts = textsOf(row, value, (node, message) => fault(path, node.loc.start, `${option}: ${message}`));
    // A flag for one of several ways, such as -xe, leaves the choice to others when it is false.
    if ('sets' in row && texts[0] === 'false') continue;
    const other = place.get(row.key);
    if (other !== undefined) throw fault(path, name.loc.start, `${option}: not together with ${other.option}`);
    const given = { row, name: `${placeOf(path, value.loc.start)}: ${option}`, texts, option };
    givenValue(given);
    place.set(row.key, given);
  }
  return place;
}

type Complain = (node: ValueNode, message: string) => CommandLineError;

function textsOf(row: SettingOrArgument, node: ValueNode, complain: Complain): readonly string[] {
  if ('many' in row && node.type === 'Array') return node.elements.map(({ value }) => textOf(row, value, complain));
  return [textOf(row, node, complain)];
}

/** The value as it would be typed. Texts and numbers do not stand for one another: that is what the schema says, too. */
function textOf(row: SettingOrArgument, node: ValueNode, complain: Complain): string {
  const form = valueForm(row);
  switch (form.type) {
    case 'flag':
      if (node.type === 'Boolean') return `${node.value}`;
      throw complain(node, `${inWords(node)} is not true or false`);
    case 'number':
      if (node.type === 'Number') return digitsOf(node.value);
      if (node.type === 'String' && form.parser.words.includes(node.value)) return node.value;
      throw complain(node, `${inWords(node)} is not ${['a number', ...form.parser.words.map(quoted)].join(' or ')}`);
    case 'choice':
    case 'text':
      if (node.type === 'String') return node.value;
      throw complain(node, `${inWords(node)} is not a text in quotes`);
    default:
      form satisfies never;
      throw complain(node, 'is not known');
  }
}

/** Without an exponent, where that is possible. */
function digitsOf(number: number): string {
  const digits = `${number}`;
  return digits.includes('e-') ? number.toFixed(20) : digits;
}

function inWords(node: ValueNode): string {
  switch (node.type) {
    case 'String':
      return quoted(node.value);
    case 'Number':
    case 'Boolean':
      return `${node.value}`;
    case 'Null':
      return 'null';
    case 'Array':
      return 'a list';
    case 'Object':
      return 'an object';
    default:
      return 'the value';
  }
}

function quoted(text: string): string {
  return `"${text}"`;
}

function parseJson(text: string, path: string): DocumentNode {
  try {
    return parse(text, { mode: 'json' });
  } catch (error) {
    if (!hasPosition(error)) throw new CommandLineError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
    if (endsTooEarly(text)) throw fault(path, endOf(text), 'not JSON: the file ends too early');
    const [found = ''] = /^(?:[\w.+-]+|.)/su.exec(text.slice(error.offset)) ?? [];
    throw fault(path, error, `not JSON: ${found} is not expected here`);
  }
}

/**
 * Of an end that is too early momoa says that it is, at the beginning of the text, or blames the last token. With two colons
 * behind it, which are right nowhere, what is wrong shows: they, or what was before them.
 */
function endsTooEarly(text: string): boolean {
  const cut = text.trimEnd();
  try {
    parse(`${cut}::`, { mode: 'json' });
    return false;
  } catch (error) {
    if (!hasPosition(error)) return false;
    // Of a text in quotes that is cut they are a part.
    return error.message.startsWith('Unexpected end') || error.offset >= cut.length;
  }
}

function endOf(text: string): Position {
  const lines = text.trimEnd().split('\n');
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
}

function hasPosition(error: unknown): error is Error & Position & { readonly offset: number } {
  return error instanceof Error && 'line' in error && 'column' in error && 'offset' in error;
}

function placeOf(path: string, { line, column }: Position): string {
  return `${path}:${line}:${column}`;
}

function fault(path: string, position: Position, message: string): CommandLineError {
  return new CommandLineError(`${placeOf(path, position)}: ${message}`);
}
