/** PS3.5 clause 10: what a codec must know of each transfer syntax of the standard. */
import { parseUids } from '../dictionary/lookup.js';
import { TRANSFER_SYNTAXES } from '../dictionary/uids.js';

/** A transfer syntax of the standard: how a data set lies in bytes. */
export interface TransferSyntax {
  readonly uid: string;
  /** As PS3.6 Table A-1 has it. */
  readonly name: string;
  readonly explicitVr: boolean;
  readonly bigEndian: boolean;
  /** The whole data set is one RFC 1951 stream (PS3.5 A.5). */
  readonly deflated: boolean;
  /** Pixel data comes in fragments (PS3.5 A.4). */
  readonly encapsulated: boolean;
}

type Encoding = Omit<TransferSyntax, 'uid' | 'name'>;

const IMPLICIT: Encoding = { explicitVr: false, bigEndian: false, deflated: false, encapsulated: false };
const EXPLICIT: Encoding = { ...IMPLICIT, explicitVr: true };
const DEFLATED: Encoding = { ...EXPLICIT, deflated: true };
const ENCAPSULATED: Encoding = { ...EXPLICIT, encapsulated: true };

/** 1.2.840.10008.1.2, the one that every peer takes (PS3.5 10.1). */
export const IMPLICIT_VR_LITTLE_ENDIAN: TransferSyntax = {
  uid: '1.2.840.10008.1.2',
  name: 'Implicit VR Little Endian',
  ...IMPLICIT,
};
/** 1.2.840.10008.1.2.1. */
export const EXPLICIT_VR_LITTLE_ENDIAN: TransferSyntax = {
  uid: '1.2.840.10008.1.2.1',
  name: 'Explicit VR Little Endian',
  ...EXPLICIT,
};
/** 1.2.840.10008.1.2.2, retired. */
export const EXPLICIT_VR_BIG_ENDIAN: TransferSyntax = {
  uid: '1.2.840.10008.1.2.2',
  name: 'Explicit VR Big Endian',
  ...EXPLICIT,
  bigEndian: true,
};
export const DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: TransferSyntax = {
  uid: '1.2.840.10008.1.2.1.99',
  name: 'Deflated Explicit VR Little Endian',
  ...DEFLATED,
};

// What is not in this table and not in the one above carries compressed pixel data in fragments.
const NOT_ENCAPSULATED: Readonly<Record<string, Encoding>> = {
  // JPIP: the pixel data is somewhere else, and so it is with SMPTE ST 2110 (PS3.5 A.6 to A.9).
  '1.2.840.10008.1.2.4.94': EXPLICIT,
  '1.2.840.10008.1.2.4.95': DEFLATED,
  '1.2.840.10008.1.2.4.204': EXPLICIT,
  '1.2.840.10008.1.2.4.205': DEFLATED,
  '1.2.840.10008.1.2.7.1': EXPLICIT,
  '1.2.840.10008.1.2.7.2': EXPLICIT,
  '1.2.840.10008.1.2.7.3': EXPLICIT,
  // Retired wrappings in MIME and XML: no element of theirs is for us to read.
  '1.2.840.10008.1.2.6.1': EXPLICIT,
  '1.2.840.10008.1.2.6.2': EXPLICIT,
  // Papyrus 3.
  '1.2.840.10008.1.20': IMPLICIT,
};

const NATIVE = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN];
const NAMED = new Map([...NATIVE, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN].map((named) => [named.uid, named]));
const BY_UID: ReadonlyMap<string, TransferSyntax> = new Map(
  parseUids(TRANSFER_SYNTAXES).map(({ uid, name }) => [
    uid,
    NAMED.get(uid) ?? { uid, name, ...(NOT_ENCAPSULATED[uid] ?? ENCAPSULATED) },
  ]),
);

/** Every transfer syntax of PS3.6 Table A-1, retired ones included: the three native ones, then the rest as it has them. */
export const STANDARD_TRANSFER_SYNTAXES: readonly TransferSyntax[] = [...new Set([...NATIVE, ...BY_UID.values()])];

/** Undefined for a UID that is no transfer syntax of the standard. Equal UIDs give the same object. */
export function transferSyntax(uid: string): TransferSyntax | undefined {
  return BY_UID.get(uid);
}

/** One of the three that any data set without encapsulated pixel data can be converted between. */
export function isNative(syntax: TransferSyntax): boolean {
  return NATIVE.includes(syntax);
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  [IMPLICIT_VR_LITTLE_ENDIAN.uid]: 'Little Endian Implicit',
  [EXPLICIT_VR_LITTLE_ENDIAN.uid]: 'Little Endian Explicit',
  [EXPLICIT_VR_BIG_ENDIAN.uid]: 'Big Endian Explicit',
  [DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid]: 'Deflated Little Endian Explicit',
};

/** What the log calls a transfer syntax: the common ones by an old short name, the rest as in PS3.6. */
export function shortName(syntax: TransferSyntax): string {
  return SHORT_NAMES[syntax.uid] ?? syntax.name;
}
