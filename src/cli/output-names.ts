/** `--output-pattern`: the folders and the name of each instance's file. */
import type { IncomingInstance } from '../index.js';
import { textDecoder } from './character-set.js';
import { CommandLineError } from './command-line-error.js';
import { shown } from './option-values.js';
import type { PatternSyntax, Piece } from './output-pattern.js';
import { type Arrival, type ValueSource, valueSource } from './output-values.js';
import { safeName } from './safe-name.js';

/** Stands for what a data set does not have, so that it is seen. */
export const MISSING = '_missing_';

export interface OutputNames {
  /** Tags of the attributes that are looked at. */
  readonly attributes: readonly number[];
  /** One for each part of the pattern, whatever the instance has. */
  namesOf(instance: IncomingInstance): readonly string[];
}

interface Part {
  readonly pieces: readonly (string | ValueSource)[];
  /** `.dcm`, if it is written at the end. */
  readonly extension: string;
}

/**
 * @param onFault is told of texts that cannot be decoded
 * @throws {CommandLineError} on a placeholder that stands for nothing, and a pattern that gives two instances one name
 */
export async function outputNames(pattern: PatternSyntax, onFault: (message: string) => void): Promise<OutputNames> {
  const parts = pattern.parts.map(partOf);
  const sources = parts.flatMap(({ pieces }) => pieces).filter((piece) => typeof piece !== 'string');
  if (!sources.some(({ isSopInstanceUid }) => isSopInstanceUid))
    throw new CommandLineError(
      `--output-pattern: ${shown(pattern.text)} lacks {SOPInstanceUID}, without which two instances get one name`,
    );
  const decode = await textDecoder(onFault);
  return {
    attributes: [...new Set(sources.flatMap(({ tag }) => tag ?? []))],
    namesOf(instance) {
      const arrival = { instance, decode, now: new Date() };
      return parts.map((part) => nameOf(part, arrival));
    },
  };
}

function partOf(pieces: readonly Piece[]): Part {
  const last = pieces.at(-1);
  const extension = typeof last === 'string' ? (/\.[0-9A-Za-z]{1,16}$/.exec(last)?.[0] ?? '') : '';
  return { pieces: pieces.map((piece) => (typeof piece === 'string' ? piece : sourceOf(piece))), extension };
}

function sourceOf(placeholder: Exclude<Piece, string>): ValueSource {
  try {
    return valueSource(placeholder);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandLineError(`--output-pattern: ${error.message}`, { cause: error });
  }
}

function nameOf({ pieces, extension }: Part, arrival: Arrival): string {
  const texts = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.textOf(arrival) || MISSING));
  return safeName(texts.join(''), extension);
}
