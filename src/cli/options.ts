/** The command line parser: tokens are whole words, everything it knows comes from the application's table. */
import { CommandLineError } from './command-line-error.js';
import type { ActionRow, Application, CommandLine, OptionRow, OptionsOf } from './option-table.js';
import { shown } from './option-values.js';
import { messageOf } from './printable.js';

/** One option as typed; `name` is the word that was used, `texts` its values: one, several if it may be repeated. */
interface Given {
  readonly row: OptionRow;
  readonly name: string;
  readonly texts: string[];
}

interface Scanned {
  readonly given: ReadonlyMap<string, Given>;
  readonly words: readonly string[];
  readonly action?: ActionRow['action'];
}

/**
 * Reads `argv`, which begins after the program's name. Options stand anywhere before `--`, the last of a kind wins unless
 * its row is for `many`.
 * @throws {CommandLineError} one line that names the option or argument at fault.
 */
export function parseCommandLine<const A extends Application>(application: A, argv: readonly string[]): CommandLine<A> {
  const { given, words, action } = scan(application, argv);
  if (action !== undefined) return { action };
  const options = { ...optionValues(application, given), ...positionalValues(application, words, given) };
  // The rows that make the values are those that make the type.
  return { action: 'run', options: options as OptionsOf<A> };
}

function scan(application: Application, argv: readonly string[]): Scanned {
  const rows = rowsByName(application);
  const given = new Map<string, Given>();
  const end = argv.indexOf('--') < 0 ? argv.length : argv.indexOf('--');
  const words: string[] = [];
  const tokens = argv.slice(0, end).values();
  for (const token of tokens) {
    if (!looksLikeOption(token)) {
      words.push(token);
      continue;
    }
    const { row, name, attached } = findRow(rows, token);
    if ('action' in row) return { given, words, action: row.action };
    const text = 'value' in row ? (attached ?? followingValue(name, tokens.next().value)) : '';
    if (!('value' in row) && attached !== undefined) throw new CommandLineError(`${name}: takes no value`);
    const other = given.get(row.key);
    if (other !== undefined && other.row !== row)
      throw new CommandLineError(`${name}: not together with ${other.name}`);
    if (other !== undefined && 'many' in row) other.texts.push(text);
    else given.set(row.key, { row, name, texts: [text] });
  }
  return { given, words: words.concat(argv.slice(end + 1)) };
}

function rowsByName(application: Application): ReadonlyMap<string, OptionRow> {
  const rows = new Map<string, OptionRow>();
  for (const row of application.groups.flatMap((group) => group.options)) {
    if (row.short !== undefined) rows.set(row.short, row);
    rows.set(row.long, row);
  }
  return rows;
}

/** `-` alone is an argument, and so is a negative number. */
function looksLikeOption(token: string): boolean {
  return /^-[^\d.]/.test(token);
}

/** `attached` is what follows the `=` of `--name=value`; a token that is a name as a whole (`-x=`) has none. */
function findRow(
  rows: ReadonlyMap<string, OptionRow>,
  token: string,
): { readonly row: OptionRow; readonly name: string; readonly attached?: string } {
  const row = rows.get(token);
  if (row !== undefined) return { row, name: token };
  const equals = token.indexOf('=');
  const name = equals < 0 ? token : token.slice(0, equals);
  const rowOfName = rows.get(name);
  if (rowOfName !== undefined) return { row: rowOfName, name, attached: token.slice(equals + 1) };
  const meant = [...rows.keys()].find((candidate) => lettersOf(candidate) === lettersOf(name));
  throw new CommandLineError(`unknown option ${name}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`);
}

function lettersOf(name: string): string {
  return name.toLowerCase().replace(/^-+|=$/g, '');
}

function followingValue(name: string, token: string | undefined): string {
  if (token === undefined || looksLikeOption(token)) throw new CommandLineError(`${name}: the value is missing`);
  return token;
}

function optionValues(application: Application, given: ReadonlyMap<string, Given>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const row of application.groups.flatMap((group) => group.options)) {
    if ('action' in row || given.has(row.key)) continue;
    values[row.key] ??= defaultOf(row);
  }
  for (const [key, { row, name, texts }] of given)
    values[key] = named(name, () => {
      const parsed = texts.map((text) => parsedValue(row, text));
      return 'many' in row ? parsed : parsed[0];
    });
  return values;
}

function defaultOf(row: OptionRow): unknown {
  if ('sets' in row) return row.default === true ? row.sets : undefined;
  if ('many' in row) return [];
  if ('value' in row) return row.default === undefined ? undefined : parsedValue(row, row.default);
  return false;
}

function parsedValue(row: OptionRow, text: string): unknown {
  if ('parse' in row) return row.parse(text);
  if ('choices' in row) return choose(row.choices, text);
  return 'sets' in row ? row.sets : true;
}

function choose(choices: Readonly<Record<string, string>>, text: string): string {
  const chosen = Object.hasOwn(choices, text) ? choices[text] : undefined;
  if (chosen !== undefined) return chosen;
  throw new RangeError(`${shown(text)} is not one of ${Object.keys(choices).join(', ')}`);
}

function positionalValues(
  application: Application,
  words: readonly string[],
  given: ReadonlyMap<string, Given>,
): Record<string, unknown> {
  const missing = application.positionals
    .filter((row, index) => words[index] === undefined && !(row.optionalWith && given.has(row.optionalWith)))
    .map((row) => row.name);
  if (missing.length > 0) throw new CommandLineError(`missing ${missing.join(', ')}`);
  const values: Record<string, unknown> = {};
  for (const [index, row] of application.positionals.entries()) {
    const own = row.many ? words.slice(index) : words.slice(index, index + 1);
    const parsed = named(row.name, () => own.map((word) => row.parse(word)));
    values[row.key] = row.many ? parsed : parsed[0];
  }
  const last = application.positionals.at(-1);
  const surplus = last?.many ? undefined : words[application.positionals.length];
  if (surplus !== undefined) throw new CommandLineError(`unexpected argument ${shown(surplus)}`);
  return values;
}

/** Runs a parser of the table and puts the name of the option or argument before its complaint. */
function named<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new CommandLineError(`${name}: ${messageOf(error)}`, { cause: error });
  }
}
