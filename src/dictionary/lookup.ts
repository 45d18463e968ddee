/** The registries of PS3.6: what VR and keyword a tag has, and what a UID is called. */
import { ELEMENTS, REPEATING_ELEMENTS } from './tags.js';
import { OTHER_UIDS, TRANSFER_SYNTAXES } from './uids.js';

/** The value representations of PS3.5 6.2. */
export const VRS = [
  ...(['AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FD', 'FL', 'IS', 'LO', 'LT', 'OB', 'OD', 'OF', 'OL', 'OV'] as const),
  ...(['OW', 'PN', 'SH', 'SL', 'SQ', 'SS', 'ST', 'SV', 'TM', 'UC', 'UI', 'UL', 'UN', 'UR', 'US', 'UT', 'UV'] as const),
];
/** A value representation of PS3.5 6.2. */
export type Vr = (typeof VRS)[number];

const UNSETTLED_VRS = ['OB or OW', 'US or SS', 'US or OW', 'US or SS or OW', 'NONE'] as const;
/** A VR as PS3.6 has it. Of several, other elements choose (PS3.5 A.1, A.2); 'NONE' is for items and delimiters. */
export type DictionaryVr = Vr | (typeof UNSETTLED_VRS)[number];

/** The VR of a tag `0xggggeeee`; undefined for an unknown or private one, save group lengths and private creators. */
export function dictionaryVr(tag: number): DictionaryVr | undefined {
  return findElement(tag)?.vr ?? structuralVr(tag);
}

/** The keyword of a tag `0xggggeeee`; undefined for an unknown or private one, and a few retired ones without. */
export function keywordOf(tag: number): string | undefined {
  return findElement(tag)?.keyword || undefined;
}

/** The tag `0xggggeeee` of a keyword as PS3.6 spells it; undefined for a repeating one, which has no single tag. */
export function tagOf(keyword: string): number | undefined {
  return tagsByKeyword().get(keyword);
}

/** All that `tagOf` knows. */
export function keywords(): Iterable<string> {
  return tagsByKeyword().keys();
}

/** What PS3.6 Table A-1 calls a UID; undefined for one it does not have, and two retired ones without a name. */
export function uidName(uid: string): string | undefined {
  return findUid(uid)?.name || undefined;
}

interface ElementEntry {
  readonly keyword: string;
  readonly vr: DictionaryVr;
}

const TAG_DIGITS = 8;
const KEYWORD_AT = TAG_DIGITS + 1;
const VR_BY_NAME: ReadonlyMap<string, DictionaryVr> = new Map([...VRS, ...UNSETTLED_VRS].map((vr) => [vr, vr]));

let tagByKeyword: Map<string, number> | undefined;
// Conversions ask for the VR of every element, and data sets use few different ones: each line is parsed once.
const parsedElements = new Map<number, ElementEntry>();

/** Found by halving the table, which is sorted: most runs want a few of its lines, and to part them all takes milliseconds. */
function lineOf(tag: number): string | undefined {
  let low = 0;
  let high = ELEMENTS.length;
  while (low < high) {
    const begin = ELEMENTS.lastIndexOf('\n', ((low + high) >>> 1) - 1) + 1;
    const end = ELEMENTS.indexOf('\n', begin);
    const line = ELEMENTS.slice(begin, end < 0 ? ELEMENTS.length : end);
    const found = tagIn(line);
    if (found === tag) return line;
    if (found < tag) low = begin + line.length + 1;
    else high = begin;
  }
  return undefined;
}

function tagIn(line: string): number {
  return parseInt(line.slice(0, TAG_DIGITS), 16);
}

function tagsByKeyword(): ReadonlyMap<string, number> {
  if (tagByKeyword === undefined) {
    tagByKeyword = new Map();
    for (const line of ELEMENTS.split('\n')) tagByKeyword.set(keywordIn(line), tagIn(line));
    // The retired elements that have none.
    tagByKeyword.delete('');
  }
  return tagByKeyword;
}

function findElement(tag: number): ElementEntry | undefined {
  const known = parsedElements.get(tag);
  if (known !== undefined || isPrivate(tag)) return known;
  const line = lineOf(tag);
  if (line === undefined) return isGroupLength(tag) ? undefined : findRepeatingElement(tag);
  const entry = parseElement(line);
  parsedElements.set(tag, entry);
  return entry;
}

function parseElement(line: string): ElementEntry {
  const keyword = keywordIn(line);
  const vr = line.slice(KEYWORD_AT + keyword.length + 1);
  return { keyword, vr: VR_BY_NAME.get(vr) ?? 'UN' };
}

function keywordIn(line: string): string {
  return line.slice(KEYWORD_AT, line.indexOf(' ', KEYWORD_AT));
}

interface RepeatingElement extends ElementEntry {
  readonly mask: number;
  readonly masked: number;
}

let repeatingElements: readonly RepeatingElement[] | undefined;

function findRepeatingElement(tag: number): ElementEntry | undefined {
  repeatingElements ??= REPEATING_ELEMENTS.split('\n').map((line) => {
    const digits = line.slice(0, TAG_DIGITS);
    return {
      ...parseElement(line),
      mask: parseInt(digits.replaceAll(/[^x]/g, 'F').replaceAll('x', '0'), 16),
      masked: parseInt(digits.replaceAll('x', '0'), 16),
    };
  });
  return repeatingElements.find(({ mask, masked }) => (tag & mask) >>> 0 === masked);
}

function isPrivate(tag: number): boolean {
  return ((tag >>> 16) & 1) === 1;
}

// PS3.5 7.2.
function isGroupLength(tag: number): boolean {
  return (tag & 0xffff) === 0;
}

// PS3.5 7.8.1: (gggg,0010-00FF) of an odd group names the owner of a block.
function isPrivateCreator(tag: number): boolean {
  const element = tag & 0xffff;
  return isPrivate(tag) && element >= 0x10 && element <= 0xff;
}

function structuralVr(tag: number): Vr | undefined {
  if (isGroupLength(tag)) return 'UL';
  return isPrivateCreator(tag) ? 'LO' : undefined;
}

/** A line of the tables of UIDs. */
export interface UidEntry {
  readonly uid: string;
  readonly keyword: string;
  readonly name: string;
}

let uidEntries: ReadonlyMap<string, UidEntry> | undefined;

function findUid(uid: string): UidEntry | undefined {
  uidEntries ??= new Map(
    [...parseUids(TRANSFER_SYNTAXES), ...parseUids(OTHER_UIDS)].map((entry) => [entry.uid, entry]),
  );
  return uidEntries.get(uid);
}

/** The entries of one of the tables of uids.ts. */
export function parseUids(table: string): UidEntry[] {
  return table.split('\n').map((line) => {
    const [uid = '', keyword = ''] = line.split(' ', 2);
    return { uid, keyword, name: line.slice(uid.length + keyword.length + 2) };
  });
}
