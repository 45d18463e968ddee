/** Which keys a config file may have and which values they take: what reader, schema and manual go by. */
import { type Application, type PositionalRow, type SettingRow, settingRows } from './option-table.js';
import type { NumberParser } from './option-values.js';

export type SettingOrArgument = SettingRow | PositionalRow;

/** Rows by key of the file: an argument's name, an option's long name without its hyphens. */
export function configKeys(application: Application): ReadonlyMap<string, SettingOrArgument> {
  return new Map<string, SettingOrArgument>([
    ...application.positionals.map((row) => [row.name, row] as const),
    ...settingRows(application).map((row) => [row.long.slice(2), row] as const),
  ]);
}

export type ValueForm =
  | { readonly type: 'flag' }
  | { readonly type: 'choice'; readonly choices: readonly string[] }
  | { readonly type: 'text' }
  | { readonly type: 'number'; readonly parser: NumberParser };

/** What a single value of the row is in JSON. */
export function valueForm(row: SettingOrArgument): ValueForm {
  if ('choices' in row) return { type: 'choice', choices: Object.keys(row.choices) };
  if (!('parse' in row)) return { type: 'flag' };
  return isNumberParser(row.parse) ? { type: 'number', parser: row.parse } : { type: 'text' };
}

function isNumberParser(parse: (text: string) => unknown): parse is NumberParser {
  return 'ranges' in parse;
}
