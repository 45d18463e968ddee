/** What a placeholder of `--output-pattern` stands for, of one instance. */
import {
  type CapturedAttribute,
  decodeValue,
  dictionaryVr,
  hostOf,
  type IncomingInstance,
  keywords,
  modalityPrefix,
  SPECIFIC_CHARACTER_SET,
  tagOf,
} from '../index.js';
import type { DecodeText } from './character-set.js';
import { type DateFields, type DateKind, dateFields, dateOf, datePattern } from './date-format.js';
import { suggestion } from './nearest-name.js';
import type { Placeholder } from './output-pattern.js';
import { shortHash } from './safe-name.js';

/** What is looked at of an instance. */
export type InstanceFacts = Pick<
  IncomingInstance,
  'attributes' | 'calledAeTitle' | 'callingAeTitle' | 'remote' | 'sopClassUid' | 'sopInstanceUid' | 'transferSyntaxUid'
>;

/** An instance whose data set has come, and the time. */
export interface Arrival {
  readonly instance: InstanceFacts;
  readonly now: Date;
  readonly decode: DecodeText;
}

export interface ValueSource {
  /** Of the attribute that is looked at, if it is one of the data set. */
  readonly tag: number | undefined;
  /** As it is: its hash might be another's. */
  readonly isSopInstanceUid: boolean;
  /** Undefined or empty if there is none. */
  textOf(arrival: Arrival): string | undefined;
}

/** What is known beside the data set. The UIDs are those of the command, which are checked. */
const FACTS: ReadonlyMap<string, (instance: InstanceFacts) => string> = new Map(
  Object.entries({
    CallingAET: ({ callingAeTitle }) => callingAeTitle,
    CalledAET: ({ calledAeTitle }) => calledAeTitle,
    PeerAddress: ({ remote }) => hostOf(remote),
    Prefix: ({ sopClassUid }) => modalityPrefix(sopClassUid),
    SOPClassUID: ({ sopClassUid }) => sopClassUid,
    SOPInstanceUID: ({ sopInstanceUid }) => sopInstanceUid,
    TransferSyntaxUID: ({ transferSyntaxUid }) => transferSyntaxUid,
  } satisfies Record<string, (instance: InstanceFacts) => string>),
);
const NOW = 'now';
const DEFAULT_NOW = 'YYYYMMDD-HHmmss';
const NO_TEXT = new Set(['SQ', 'OB', 'OD', 'OF', 'OL', 'OV', 'OW', 'OB or OW', 'US or OW', 'US or SS or OW', 'NONE']);
/** PS3.5 6.1.2.2: those that are not in the default repertoire whatever the data set says; UN may be any. */
const ENCODED_TEXT = new Set(['LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UN', 'UT']);
const WHOLE_NUMBERS = new Set(['IS', 'SL', 'SS', 'SV', 'UL', 'US', 'US or SS', 'UV']);
const WORDS: ReadonlyMap<string, (text: string) => string> = new Map([
  ['upper', (text: string) => text.toUpperCase()],
  ['lower', (text: string) => text.toLowerCase()],
  ['hash', shortHash],
]);

/** @throws {RangeError} whose message says what is wrong with the placeholder */
export function valueSource({ name, modifier }: Placeholder): ValueSource {
  if (name === NOW)
    return { ...NO_ATTRIBUTE, textOf: dated(({ now }) => dateFields(now), name, 'DT', modifier ?? DEFAULT_NOW) };
  const tag = tagNamed(name);
  const fact = FACTS.get(tag === undefined ? name : (factByTag(tag) ?? ''));
  if (fact !== undefined) {
    const isSopInstanceUid = fact === FACTS.get('SOPInstanceUID') && modifier !== 'hash';
    return {
      tag: undefined,
      isSopInstanceUid,
      textOf: changed(({ instance }) => fact(instance), name, undefined, modifier),
    };
  }
  if (tag === undefined) throw new RangeError(unknownName(name));
  const vr = dictionaryVr(tag);
  if (tag >>> 16 <= 0x0002) throw new RangeError(`{${name}} is no attribute of a data set`);
  if (vr !== undefined && NO_TEXT.has(vr)) throw new RangeError(`{${name}} is neither text nor a number`);
  const textOf = (arrival: Arrival) => attributeText(arrival, tag);
  return { tag, isSopInstanceUid: false, textOf: changed(textOf, name, vr, modifier) };
}

const NO_ATTRIBUTE = { tag: undefined, isSopInstanceUid: false } as const;

function tagNamed(name: string): number | undefined {
  const digits = /^([0-9a-f]{4}),?([0-9a-f]{4})$/i.exec(name);
  return digits === null ? tagOf(name) : parseInt(`${digits[1]}${digits[2]}`, 16);
}

/** `{0008,0018}` is `{SOPInstanceUID}`. */
function factByTag(tag: number): string | undefined {
  return [...FACTS.keys()].find((name) => tagOf(name) === tag);
}

function unknownName(name: string): string {
  const facts = [NOW, ...FACTS.keys()];
  const meant = suggestion(name, [...facts, ...keywords()]);
  return `{${name}} is no keyword of an attribute, no tag such as {0010,0020}, and none of ${facts.join(', ')}${meant}`;
}

type TextOf = ValueSource['textOf'];

function changed(textOf: TextOf, name: string, vr: string | undefined, modifier: string | undefined): TextOf {
  if (modifier === undefined) return textOf;
  const word = WORDS.get(modifier);
  const change =
    (by: (text: string) => string): TextOf =>
    (arrival) => {
      const text = textOf(arrival);
      return text === undefined || text === '' ? undefined : by(text);
    };
  if (word !== undefined) return change(word);
  if (vr === 'DA' || vr === 'TM' || vr === 'DT')
    return dated((arrival) => dateOf(textOf(arrival) ?? '', vr), name, vr, modifier);
  const isNumber = vr !== undefined && WHOLE_NUMBERS.has(vr);
  // PS3.5 6.2: an IS may have a plus sign.
  if (isNumber && /^0+$/.test(modifier))
    return change((text) => (/^\+?\d+$/.test(text) ? text.replace('+', '').padStart(modifier.length, '0') : text));
  throw new RangeError(`{${name}:${modifier}}: ${isNumber ? 'zeros, ' : ''}upper, lower or hash can follow the colon`);
}

function dated(fieldsOf: (arrival: Arrival) => DateFields, name: string, kind: DateKind, format: string): TextOf {
  try {
    const fill = datePattern(format, kind);
    return (arrival) => fill(fieldsOf(arrival));
  } catch (error) {
    throw new RangeError(`{${name}:${format}}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

function attributeText({ instance, decode }: Arrival, tag: number): string | undefined {
  const attribute = instance.attributes.get(tag);
  return attribute && trimmed(valueText(attribute, tag, instance, decode));
}

/** All values, with backslashes between them. */
function valueText(attribute: CapturedAttribute, tag: number, instance: InstanceFacts, decode: DecodeText): string {
  const { vr, bytes } = attribute;
  if (vr === 'SQ' || NO_TEXT.has(vr)) return '';
  if (!ENCODED_TEXT.has(vr)) {
    const { value } = decodeValue(tag, vr, bytes);
    const textOf = vr === 'AT' ? (tag: unknown) => Number(tag).toString(16).padStart(8, '0').toUpperCase() : String;
    return Array.isArray(value) ? value.map((one) => textOf(one)).join('\\') : '';
  }
  const charset = instance.attributes.get(SPECIFIC_CHARACTER_SET)?.bytes.toString('latin1');
  const text = decode(bytes, charset, vr);
  return vr === 'PN' ? text.split('\\').map(nameGroup).join('\\') : text;
}

/** Of the alphabetic, ideographic and phonetic representations of a name (PS3.5 6.2.1), the first that there is. */
function nameGroup(name: string): string {
  return (
    name
      .split('=')
      .map(trimmed)
      .find((group) => /[^^]/.test(group)) ?? ''
  );
}

function trimmed(text: string): string {
  return text.replace(/^[ \0]+|[ \0]+$/g, '');
}
