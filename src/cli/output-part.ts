/** One part of the path that `--output-pattern` makes, and what in it keeps two instances apart. */
import type { Arrival, ValueSource } from './output-values.js';
import { MAX_NAME_BYTES, safeCharacters, safeName, shortened } from './safe-name.js';

/** Stands for what a data set does not have, so that it is seen. */
export const MISSING = '_missing_';

/** Literal text, no two side by side, and placeholders. */
export type PartPieces = readonly (string | ValueSource)[];

export interface OutputPart {
  /** Whether two instances with different UIDs get different names here, whatever else they have. */
  readonly tellsInstancesApart: boolean;
  nameOf(arrival: Arrival): string;
}

/** The longest UID that is taken in is half of a name. */
const MAX_UID_BYTES = 128;
/** Of a value that was shortened, at least: the hash, and a character before it. */
const MIN_VALUE_BYTES = 18;
/** `safeName` makes `con` longer by one. */
const DEVICE_BYTES = 1;

/**
 * What parts {SOPInstanceUID} from the next placeholder on one side: `end` if there is none; text with a `dot`; text with
 * another `sign` that is no digit; or `nothing` that a UID could not have as well.
 */
type Border = 'end' | 'dot' | 'sign' | 'nothing';

export function outputPart(pieces: PartPieces): OutputPart {
  const uids = pieces.flatMap((piece, index) => (isUid(piece) ? [index] : []));
  if (uids.length === 0) return { tellsInstancesApart: false, nameOf: (arrival) => plainName(pieces, arrival) };
  return {
    tellsInstancesApart: hasRoom(pieces, uids.length) && uids.some((at) => tellApart(bordersOf(pieces, at))),
    nameOf: (arrival) => uidName(pieces, arrival),
  };
}

function isUid(piece: string | ValueSource | undefined): boolean {
  return typeof piece === 'object' && piece.isSopInstanceUid;
}

function bordersOf(pieces: PartPieces, at: number): readonly [Border, Border] {
  return [borderOf(pieces.slice(0, at).reverse()), borderOf(pieces.slice(at + 1))];
}

/** @param side the pieces on one side, the nearest first */
function borderOf(side: PartPieces): Border {
  if (side.every((piece) => typeof piece === 'string')) return 'end';
  const [text] = side;
  if (typeof text !== 'string') return 'nothing';
  // Other values have no dots here, so that those on this side are as many as in the pattern; another UID has.
  if (text.includes('.') && !side.some(isUid)) return 'dot';
  return /[^\d.]/.test(text) ? 'sign' : 'nothing';
}

/**
 * Where the UID begins is known from the text before it alone (`end`), or from the dots before it; where it ends likewise.
 * From one of the two on it is all the digits and dots up to a sign that is neither.
 */
function tellApart(borders: readonly [Border, Border]): boolean {
  return !borders.includes('nothing') && borders.some((border) => border === 'end' || border === 'dot');
}

/** Whether a name with the longest UID has room for a little of each other value, so that no UID is cut. */
function hasRoom(pieces: PartPieces, uids: number): boolean {
  const texts = pieces.filter((piece) => typeof piece === 'string');
  const values = pieces.length - texts.length - uids;
  const bytes = Buffer.byteLength(texts.join('')) + uids * MAX_UID_BYTES + values * MIN_VALUE_BYTES + DEVICE_BYTES;
  return bytes <= MAX_NAME_BYTES;
}

function plainName(pieces: PartPieces, arrival: Arrival): string {
  const last = pieces.at(-1);
  const extension = typeof last === 'string' ? (/\.[0-9A-Za-z]{1,16}$/.exec(last)?.[0] ?? '') : '';
  const texts = pieces.map((piece) => (typeof piece === 'string' ? piece : textOf(piece, arrival)));
  return safeName(texts.join(''), extension);
}

/** The UID is always there as a whole: too long a name has its other values cut, each over its share of what is left. */
function uidName(pieces: PartPieces, arrival: Arrival): string {
  const names = pieces.map((piece) => {
    if (typeof piece === 'string') return piece;
    const text = textOf(piece, arrival);
    return isUid(piece) ? text : withoutDots(text);
  });
  const maxBytes = MAX_NAME_BYTES - DEVICE_BYTES;
  if (Buffer.byteLength(names.join('')) <= maxBytes) return safeName(names.join(''));
  const isOther = (piece: PartPieces[number] | undefined) => typeof piece === 'object' && !isUid(piece);
  const fixedBytes = Buffer.byteLength(names.filter((_, index) => !isOther(pieces[index])).join(''));
  const share = Math.floor((maxBytes - fixedBytes) / pieces.filter(isOther).length);
  return safeName(names.map((name, index) => (isOther(pieces[index]) ? shortened(name, share) : name)).join(''));
}

function textOf(source: ValueSource, arrival: Arrival): string {
  return source.textOf(arrival) || MISSING;
}

/** Nor with anything at its end that `safeName` would replace together with the text after it. */
function withoutDots(text: string): string {
  return safeCharacters(text)
    .replaceAll('.', '_')
    .replace(/\s+$/, (found) => '_'.repeat(found.length));
}
