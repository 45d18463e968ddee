/** The command line parser: tokens are whole words, everything it knows comes from the application's table. */
import { CommandLineError } from './command-line-error.js';
import { choose, type Given, type Place } from './given.js';
import { suggestion } from './nearest-name.js';
import { type Application, type Information, type OptionRow, optionRows } from './option-table.js';
import { messageOf } from './printable.js';

/** A command line taken apart; values are not looked at yet. */
export type Scan = Information | Work;

interface Work {
  readonly action: 'run';
  readonly given: Place;
  /** What is not an option, in its order. */
  readonly words: readonly string[];
  /** Path of the config file. */
  readonly config: string | undefined;
}

/** An option as typed; `attached` is what follows the `=` of `--name=value`. */
interface Typed {
  readonly row: OptionRow;
  readonly name: string;
  readonly attached?: string;
}

/**
 * Reads `argv`, which begins after the program's name. Options stand anywhere before `--`, the last of a kind wins unless
 * its row is for `many`.
 * @throws {CommandLineError} one line that names the option or argument at fault.
 */
export function scanCommandLine(application: Application, argv: readonly string[]): Scan {
  const rows = rowsByName(application);
  const given = new Map<string, Given & { readonly texts: string[] }>();
  const end = argv.indexOf('--') < 0 ? argv.length : argv.indexOf('--');
  const words: string[] = [];
  let config: string | undefined;
  const tokens = argv.slice(0, end).values();
  for (const token of tokens) {
    if (!looksLikeOption(token)) {
      words.push(token);
      continue;
    }
    const typed = findRow(rows, token);
    const { row, name } = typed;
    if ('action' in row && !('value' in row)) return { action: row.action };
    const text = textOf(typed, tokens);
    if ('action' in row) {
      if (row.action === 'completion')
        return { action: row.action, shell: named(name, () => choose(row.choices, text)) };
      config = named(name, () => row.parse(text));
      continue;
    }
    const other = given.get(row.key);
    if (other !== undefined && other.row !== row)
      throw new CommandLineError(`${name}: not together with ${other.name}`);
    if (other !== undefined && 'many' in row) other.texts.push(text);
    else given.set(row.key, { row, name, texts: [text] });
  }
  return { action: 'run', given, words: words.concat(argv.slice(end + 1)), config };
}

function rowsByName(application: Application): ReadonlyMap<string, OptionRow> {
  const rows = new Map<string, OptionRow>();
  for (const row of optionRows(application)) {
    if (row.short !== undefined) rows.set(row.short, row);
    rows.set(row.long, row);
  }
  return rows;
}

/** `-` alone is an argument, and so is a negative number. */
function looksLikeOption(token: string): boolean {
  return /^-[^\d.]/.test(token);
}

/** A token that is a name as a whole (`-x=`) has nothing attached. */
function findRow(rows: ReadonlyMap<string, OptionRow>, token: string): Typed {
  const row = rows.get(token);
  if (row !== undefined) return { row, name: token };
  const equals = token.indexOf('=');
  const name = equals < 0 ? token : token.slice(0, equals);
  const rowOfName = rows.get(name);
  if (rowOfName !== undefined) return { row: rowOfName, name, attached: token.slice(equals + 1) };
  throw new CommandLineError(`unknown option ${name}${suggestion(name, rows.keys())}`);
}

/** The value of an option; `true` for one that takes none, or `false` as in `--halt=false`, which outdoes a weaker place. */
function textOf({ row, name, attached }: Typed, following: Iterator<string, unknown>): string {
  if ('value' in row) return attached ?? followingValue(name, following.next().value);
  if (attached === undefined) return 'true';
  if (!('sets' in row) && (attached === 'true' || attached === 'false')) return attached;
  throw new CommandLineError(`${name}: takes no value`);
}

function followingValue(name: string, token: unknown): string {
  if (typeof token === 'string' && !looksLikeOption(token)) return token;
  throw new CommandLineError(`${name}: the value is missing`);
}

function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new CommandLineError(`${name}: ${messageOf(error)}`, { cause: error });
  }
}
