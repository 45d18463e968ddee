/** The placeholders of `--exec` and `--exec-study`, and what stands in their place. */
import { basename, dirname } from 'node:path';
import type { InstanceStored, StudyEnded } from '../index.js';
import type { DecodeText } from './character-set.js';
import { CommandLineError } from './command-line-error.js';
import { type CommandTemplate, filledIn, placeholdersOf } from './command-template.js';
import { valueSource } from './output-values.js';

/** What `--exec` has besides the placeholders of `--output-pattern`. */
export const FILE_PLACEHOLDERS: readonly string[] = ['path', 'directory', 'file', 'bytes'];

export const STUDY_PLACEHOLDERS = [
  'StudyInstanceUID',
  'PatientID',
  'directory',
  'CallingAET',
  'instances',
  'series',
  'bytes',
  'reason',
] as const;

/** What a program is run with for an instance. What is not known is an empty text. */
export interface InstanceArguments {
  /** Tags of the attributes that are looked at. */
  readonly attributes: readonly number[];
  of(event: InstanceStored): readonly string[];
}

type ValueOf = (event: InstanceStored) => string;

const FILE_VALUES: Readonly<Record<string, ValueOf>> = {
  path: ({ path }) => path ?? '',
  directory: ({ path = '' }) => dirname(path),
  file: ({ path = '' }) => basename(path),
  bytes: ({ bytes }) => String(bytes),
};

/** @throws {CommandLineError} on a placeholder that stands for nothing */
export function instanceArguments(command: CommandTemplate, decode: DecodeText): InstanceArguments {
  const attributes: number[] = [];
  const values = new Map<string, ValueOf>();
  for (const name of placeholdersOf(command)) {
    const ofFile = FILE_VALUES[name];
    if (ofFile !== undefined) values.set(name, ofFile);
    else {
      const { tag, textOf } = sourceOf(name);
      if (tag !== undefined) attributes.push(tag);
      values.set(name, (event) => textOf({ instance: event, now: event.time, decode }) ?? '');
    }
  }
  return {
    attributes,
    of: (event) => filledIn(command, (name) => values.get(name)?.(event) ?? ''),
  };
}

function sourceOf(inside: string) {
  const at = inside.indexOf(':');
  try {
    return valueSource(
      at < 0 ? { name: inside, modifier: undefined } : { name: inside.slice(0, at), modifier: inside.slice(at + 1) },
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandLineError(`--exec: ${error.message} (nor path, directory, file or bytes; {{ and }} are braces)`, {
      cause: error,
    });
  }
}

export function studyArguments(command: CommandTemplate, event: StudyEnded): readonly string[] {
  const values: Readonly<Record<string, string>> = {
    StudyInstanceUID: event.studyInstanceUid,
    PatientID: event.patientId ?? '',
    directory: event.directory ?? '',
    CallingAET: event.callingAeTitles[0] ?? '',
    instances: String(event.instances),
    series: String(event.series),
    bytes: String(event.bytes),
    reason: event.reason,
  } satisfies Record<(typeof STUDY_PLACEHOLDERS)[number], string>;
  return filledIn(command, (name) => values[name] ?? '');
}
