/** A table of options as shells see it. */
import { type Application, type Completes, type OptionRow, optionRows, type Shell } from './option-table.js';

export interface Completed {
  /** Short and long, each a whole word with its hyphens. */
  readonly names: readonly string[];
  readonly description: string;
  /** What comes after it: nothing, one of several words, a path, or what only the user knows. */
  readonly value: 'none' | 'any' | Completes | readonly string[];
  /** Names that are not offered again once one of this option's is there, its own included. */
  readonly excludes: readonly string[];
}

/** What the scripts are made from. */
export interface Completion {
  readonly name: string;
  /** The first line of every script, without its comment sign. */
  readonly purpose: string;
  readonly options: readonly Completed[];
  /** Whether arguments are files. */
  readonly takesFiles: boolean;
}

export function completionOf(application: Application, shell: Shell): Completion {
  const { name, positionals } = application;
  const rows = optionRows(application);
  return {
    name,
    purpose: `Completes ${name} of netdicom in ${shell}; printed by ${name} --completion ${shell}.`,
    options: rows.map((row) => ({
      names: namesOf(row),
      description: firstClause(row.help),
      value: completedValue(row),
      excludes: 'many' in row ? [] : rows.filter(({ key }) => key === row.key).flatMap(namesOf),
    })),
    takesFiles: positionals.some(({ completes }) => completes === 'file'),
  };
}

/** The options that have a value. */
export function optionsWithValue(options: readonly Completed[]): readonly Completed[] {
  return options.filter(({ value }) => value !== 'none');
}

/** Names that exclude one another, each list once. */
export function exclusions(options: readonly Completed[]): readonly (readonly string[])[] {
  return [...new Map(options.map(({ excludes }) => [excludes.join(' '), excludes])).values()].filter(
    (names) => names.length > 0,
  );
}

function namesOf({ short, long }: OptionRow): readonly string[] {
  return short === undefined ? [long] : [short, long];
}

function completedValue(row: OptionRow): Completed['value'] {
  if ('choices' in row) return Object.keys(row.choices);
  if (!('value' in row)) return 'none';
  return row.completes ?? 'any';
}

/** As much as fits beside an option's name. */
function firstClause(help: string): string {
  return help.split(/[;:] | \(/)[0] ?? help;
}
