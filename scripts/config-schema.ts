/** The JSON Schema (draft 7, which editors know) of an application's config file, made from its table. */
import { configKeys, type SettingOrArgument, valueForm } from '../src/cli/config-keys.js';
import { helpOf } from '../src/cli/help-text.js';
import type { Application } from '../src/cli/option-table.js';

type Schema = Readonly<Record<string, unknown>>;
type Keys = ReadonlyMap<string, SettingOrArgument>;

/** What the reader of config files takes; which texts are good and which options go together only the reader knows. */
export function configSchema(application: Application): Schema {
  const keys = configKeys(application);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `Config file of ${application.name}`,
    description: `Options of ${application.name} by their long names; the command line and the environment outdo them.`,
    type: 'object',
    additionalProperties: false,
    properties: {
      $schema: { type: 'string', description: 'where this schema is, for editors' },
      ...Object.fromEntries([...keys].map(([key, row]) => [key, property(key, row, keys)])),
    },
  };
}

function property(key: string, row: SettingOrArgument, keys: Keys): Schema {
  const value = valueSchema(row);
  return {
    description: [helpWithDefault(row), ...exclusion(key, row, keys)].join('; '),
    ...('many' in row ? { anyOf: [value, { type: 'array', items: value }] } : value),
  };
}

function helpWithDefault(row: SettingOrArgument): string {
  return 'long' in row ? helpOf(row) : row.help;
}

function exclusion(key: string, row: SettingOrArgument, keys: Keys): readonly string[] {
  const others = [...keys].filter(([other, candidate]) => other !== key && candidate.key === row.key);
  return others.length === 0 ? [] : [`not together with ${others.map(([other]) => other).join(', ')}`];
}

function valueSchema(row: SettingOrArgument): Schema {
  const form = valueForm(row);
  switch (form.type) {
    case 'flag':
      return { type: 'boolean' };
    case 'choice':
      return { enum: form.choices };
    case 'text':
      return { type: 'string', minLength: 1 };
    case 'number': {
      const { ranges, words } = form.parser;
      const alternatives = [...ranges, ...words.map((word) => ({ const: word }))];
      return alternatives.length === 1 ? { ...alternatives[0] } : { anyOf: alternatives };
    }
    default:
      form satisfies never;
      return {};
  }
}
