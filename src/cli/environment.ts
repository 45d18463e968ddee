/** Options from variables of the environment: `NETDICOM_` and the long name, for the rows that are marked with `env`. */
import type { Given, Place } from './given.js';
import { type Application, type OptionRow, optionRows, type PositionalRow } from './option-table.js';

/** A variable and the row that it gives the value of. */
export interface Variable {
  /** `NETDICOM_OUTPUT_DIRECTORY` for `--output-directory`. */
  readonly name: string;
  /** The option's long name, the argument's name. */
  readonly standsFor: string;
  readonly row: OptionRow | PositionalRow;
}

/** The variables that an application heeds, arguments first. */
export function variablesOf(application: Application): readonly Variable[] {
  return [
    ...application.positionals.map((row) => ({ row, standsFor: row.name })),
    ...optionRows(application).map((row) => ({ row, standsFor: row.long })),
  ]
    .filter(({ row }) => 'env' in row && row.env === true)
    .map((variable) => ({ ...variable, name: nameOf(variable.standsFor) }));
}

/** All variables by name, with what they are in the words of help and manual. */
export function describedVariables(application: Application): readonly (readonly [name: string, what: string])[] {
  const ofOptions = variablesOf(application).map(({ name, standsFor }) => [name, standsFor] as const);
  return [...ofOptions, ...Object.entries(application.variables ?? {})];
}

/** What the environment gives. A variable without a value counts as not set: files for containers leave such behind. */
export function givenInEnvironment(application: Application, environment: NodeJS.ProcessEnv): Place {
  const given = new Map<string, Given>();
  for (const { name, row } of variablesOf(application)) {
    const text = environment[name];
    if (text !== undefined && text !== '') given.set(row.key, { row, name, texts: [text] });
  }
  return given;
}

function nameOf(option: string): string {
  return `NETDICOM_${option.replace(/^--/, '').replaceAll('-', '_').toUpperCase()}`;
}
