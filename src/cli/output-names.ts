/** `--output-pattern`: the folders and the name of each instance's file. */
import type { IncomingInstance } from '../index.js';
import type { DecodeText } from './character-set.js';
import { CommandLineError } from './command-line-error.js';
import { shown } from './option-values.js';
import { outputPart, type PartPieces } from './output-part.js';
import type { PatternSyntax, Piece } from './output-pattern.js';
import { type ValueSource, valueSource } from './output-values.js';

export interface OutputNames {
  /** Tags of the attributes that are looked at. */
  readonly attributes: readonly number[];
  /** One for each part of the pattern, whatever the instance has. */
  namesOf(instance: IncomingInstance): readonly string[];
}

/** @throws {CommandLineError} on a placeholder that stands for nothing, and a pattern that gives two instances one name */
export function outputNames(pattern: PatternSyntax, decode: DecodeText): OutputNames {
  const partPieces = pattern.parts.map(piecesOf);
  const sources = partPieces.flat().filter((piece) => typeof piece !== 'string');
  const parts = partPieces.map(outputPart);
  if (!parts.some(({ tellsInstancesApart }) => tellsInstancesApart)) {
    const hasUid = sources.some(({ isSopInstanceUid }) => isSopInstanceUid);
    throw new CommandLineError(`--output-pattern: ${shown(pattern.text)} ${hasUid ? UID_BLURRED : UID_LACKING}`);
  }
  return {
    attributes: [...new Set(sources.flatMap(({ tag }) => tag ?? []))],
    namesOf(instance) {
      const arrival = { instance, decode, now: new Date() };
      return parts.map((part) => part.nameOf(arrival));
    },
  };
}

const UID_LACKING = 'lacks {SOPInstanceUID}, without which two instances get one name';
const UID_BLURRED =
  'can give two instances one name: between {SOPInstanceUID} and the placeholders beside it put a dot, or another sign that is no digit if they are all on one side, and keep the part short';

/** With texts that follow one another as one. */
function piecesOf(pieces: readonly Piece[]): PartPieces {
  const joined: (string | ValueSource)[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (typeof piece !== 'string') joined.push(sourceOf(piece));
    else if (typeof last === 'string') joined.splice(-1, 1, `${last}${piece}`);
    else joined.push(piece);
  }
  return joined;
}

function sourceOf(placeholder: Exclude<Piece, string>): ValueSource {
  try {
    return valueSource(placeholder);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandLineError(`--output-pattern: ${error.message}`, { cause: error });
  }
}
