/** What the places say that options are taken from, strongest first: command line, environment, config file, default. */
import { CommandLineError } from './command-line-error.js';
import { type Application, type OptionRow, type OptionsOf, type PositionalRow, settingRows } from './option-table.js';
import { shown } from './option-values.js';
import { messageOf } from './printable.js';

/** An option or argument as a place gives it. */
export interface Given {
  readonly row: OptionRow | PositionalRow;
  /** Where it is given, for complaints: `-aet`, `NETDICOM_AETITLE`, `site.json:3:14: aetitle`. */
  readonly name: string;
  /** As typed: one, several if the row is for `many`; `true` or `false` for what takes no value. */
  readonly texts: readonly string[];
}

/** All that one place gives, by the key of its row. */
export type Place = ReadonlyMap<string, Given>;

/**
 * The options that a command line comes to, with what it leaves out from `weaker` places.
 * @param words what is not an option on the command line
 * @throws {CommandLineError} one line that names the option or argument at fault.
 */
export function optionsFrom<const A extends Application>(
  application: A,
  commandLine: { readonly given: Place; readonly words: readonly string[] },
  weaker: readonly Place[],
): OptionsOf<A> {
  const { given, words } = commandLine;
  const { positionals } = application;
  const fromWords = new Map(wordsAsGiven(application, words, weaker));
  const strongest = strongestOf([given, fromWords, ...weaker]);
  const options = optionValues(application, strongest);
  const missing: string[] = [];
  for (const row of positionals) {
    const { key, name, optionalWith = [key] } = row;
    const isNeedless = optionalWith.some((other) => options[other] !== undefined && options[other] !== false);
    // What the command line makes needless no variable brings back: --hash-password in a container that sets NETDICOM_PORT.
    const isOutdone = isNeedless && !row.many && optionalWith.some((other) => given.has(other));
    const own = (isOutdone ? fromWords : strongest).get(key) ?? { row, name, texts: [] };
    if (own.texts.length === 0 && !isNeedless) missing.push(name);
    else options[key] = givenValue(own);
  }
  if (missing.length > 0) throw new CommandLineError(`missing ${missing.join(', ')}`);
  const surplus = positionals.at(-1)?.many ? undefined : words[positionals.length];
  if (surplus !== undefined) throw new CommandLineError(`unexpected argument ${shown(surplus)}`);
  // The rows that make the values are those that make the type.
  return options as OptionsOf<A>;
}

/**
 * The words of a command line as arguments, in their order. One that a weaker place gives is not expected among them
 * (`storescu --config pacs.json image.dcm`), unless there is a word for each.
 */
function* wordsAsGiven(
  { positionals }: Application,
  words: readonly string[],
  weaker: readonly Place[],
): Generator<readonly [key: string, Given]> {
  const open = positionals.filter(({ key, many }) => many || !weaker.some((place) => place.has(key)));
  const takers = positionals.at(-1)?.many || words.length <= open.length ? open : positionals;
  for (const [index, row] of takers.entries()) {
    const texts = row.many ? words.slice(index) : words.slice(index, index + 1);
    if (texts.length > 0) yield [row.key, { row, name: row.name, texts }];
  }
}

function strongestOf(places: readonly Place[]): Place {
  const strongest = new Map<string, Given>();
  const placeOfFamily = new Map<string, Place>();
  for (const place of places)
    for (const [key, given] of place) {
      const family = ('family' in given.row ? given.row.family : undefined) ?? key;
      if (!placeOfFamily.has(family)) placeOfFamily.set(family, place);
      if (placeOfFamily.get(family) === place) strongest.set(key, given);
    }
  return strongest;
}

function optionValues(application: Application, given: Place): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const row of settingRows(application)) if (!given.has(row.key)) values[row.key] ??= defaultOf(row);
  for (const row of settingRows(application)) {
    const own = given.get(row.key);
    if (own?.row === row) values[row.key] = givenValue(own);
  }
  return values;
}

function defaultOf(row: OptionRow): unknown {
  if ('sets' in row) return row.default === true ? row.sets : undefined;
  if ('many' in row) return [];
  if ('value' in row) return 'default' in row && row.default !== undefined ? parsedValue(row, row.default) : undefined;
  return false;
}

/** @throws {CommandLineError} the complaint of the row's parser, behind the name of the option or argument. */
export function givenValue({ row, name, texts }: Given): unknown {
  try {
    const parsed = texts.map((text) => parsedValue(row, text));
    return 'many' in row ? parsed : parsed[0];
  } catch (error) {
    throw new CommandLineError(`${name}: ${messageOf(error)}`, { cause: error });
  }
}

function parsedValue(row: OptionRow | PositionalRow, text: string): unknown {
  if ('parse' in row) return row.parse(text);
  if ('choices' in row) return choose(row.choices, text);
  return 'sets' in row ? row.sets : choose({ true: true, false: false }, text);
}

/** @throws {RangeError} if there is no such choice; its message completes `NAME: `. */
export function choose<T>(choices: Readonly<Record<string, T>>, text: string): T {
  const chosen = Object.hasOwn(choices, text) ? choices[text] : undefined;
  if (chosen !== undefined) return chosen;
  throw new RangeError(`${shown(text)} is not one of ${Object.keys(choices).join(', ')}`);
}
