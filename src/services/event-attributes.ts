/** The attributes that events tell of an instance. */
import { InvalidIdentifier } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, parseUid, trimmed } from '../base/identifiers.js';
import { type CapturedAttribute, SPECIFIC_CHARACTER_SET } from '../dataset/attribute-capture.js';

/** Bytes of a value, and the value of Specific Character Set (0008,0005) as it came, if there is one. */
export type TextDecoding = (bytes: Buffer, specificCharacterSet: string | undefined) => string;

/** Of an instance whose data set has them, in a transfer syntax that can be looked into. */
export interface FactsOfAttributes {
  /** Undefined as well where it is not a UID: such an instance belongs to no study. */
  readonly studyInstanceUid: string | undefined;
  readonly seriesInstanceUid: string | undefined;
  readonly modality: string | undefined;
  readonly patientId: string | undefined;
}

const MODALITY = 0x00080060;
const PATIENT_ID = 0x00100020;
const STUDY_INSTANCE_UID = 0x0020000d;
const SERIES_INSTANCE_UID = 0x0020000e;
const SPACE = 0x20;

export const EVENT_ATTRIBUTES: readonly number[] = [MODALITY, PATIENT_ID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID];

type Attributes = ReadonlyMap<number, CapturedAttribute>;

export function factsOf(attributes: Attributes, decodeText: TextDecoding = utf8OrLatin1): FactsOfAttributes {
  const id = attributes.get(PATIENT_ID);
  return {
    studyInstanceUid: uidOf(attributes, STUDY_INSTANCE_UID),
    seriesInstanceUid: uidOf(attributes, SERIES_INSTANCE_UID),
    modality: codeOf(attributes, MODALITY),
    // Escape sequences may hide spaces until they are decoded.
    patientId:
      id && orNothing(trimmed(decodeText(withoutPadding(id.bytes), codeOf(attributes, SPECIFIC_CHARACTER_SET)))),
  };
}

function uidOf(attributes: Attributes, tag: number): string | undefined {
  const text = codeOf(attributes, tag);
  if (text === undefined) return undefined;
  try {
    return parseUid(text, MAX_TOLERATED_UID_LENGTH);
  } catch (error) {
    // What a data set calls its study is checked by nobody, and no reason not to store it.
    if (!(error instanceof InvalidIdentifier)) throw error;
    return undefined;
  }
}

function codeOf(attributes: Attributes, tag: number): string | undefined {
  const attribute = attributes.get(tag);
  return attribute && orNothing(withoutPadding(attribute.bytes).toString('latin1'));
}

/** PS3.5 6.2: padding is at the end, and spaces around these values count for nothing. Part of a text would keep all of it. */
function withoutPadding(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (bytes[end - 1] === SPACE || bytes[end - 1] === 0) end--;
  let begin = 0;
  while (begin < end && bytes[begin] === SPACE) begin++;
  return bytes.subarray(begin, end);
}

function orNothing(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function utf8OrLatin1(bytes: Buffer, specificCharacterSet: string | undefined): string {
  return bytes.toString(specificCharacterSet === 'ISO_IR 192' ? 'utf8' : 'latin1');
}
