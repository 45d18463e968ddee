/** UIDs and AE titles: parsed once at the door, branded inside, so that a `Uid` is always safe as a file name. */
import { InvalidIdentifier } from './errors.js';
import { printable } from './printable.js';
import { VERSION } from './version.js';

declare const brand: unique symbol;

/** A unique identifier of digit groups between single dots (PS3.5 9.1): never empty, never a path. */
export type Uid = string & { readonly [brand]: 'Uid' };
/** An application entity title without its padding: 1 to 16 characters (PS3.5 6.2, VR AE). */
export type AeTitle = string & { readonly [brand]: 'AeTitle' };

/** PS3.5 9.1. */
export const MAX_UID_LENGTH = 64;
/** Devices went a little over it: what they made is taken in and sent on, as long as it is a UID. */
export const MAX_TOLERATED_UID_LENGTH = 128;
const UID_SHAPE = /^\d+(\.\d+)*$/;
const MAX_AE_TITLE_LENGTH = 16;

/**
 * Makes a `Uid` of text, without the padding that PS3.5 9.1 (NUL) and old devices (space) put at the end.
 * Leading zeros in a component pass: old files are full of them.
 * @param maxLength over the standard's 64 only to take in what a careless peer sends.
 * @throws {InvalidIdentifier} on anything but digit groups between single dots.
 */
export function parseUid(text: string, maxLength: number = MAX_UID_LENGTH): Uid {
  const uid = withoutPadding(text);
  if (uid.length === 0) throw new InvalidIdentifier('a UID is empty');
  if (uid.length > maxLength) throw new InvalidIdentifier(`a UID has more than ${maxLength} characters`);
  if (!UID_SHAPE.test(uid)) throw new InvalidIdentifier(`not a UID: "${printable(uid)}"`);
  return uid as Uid;
}

/** Whether `parseUid` would take it. */
export function isUid(text: string): boolean {
  const uid = withoutPadding(text);
  return uid.length <= MAX_UID_LENGTH && UID_SHAPE.test(uid);
}

/** Without the NULs and spaces at its end. */
export function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0 || text.charCodeAt(end - 1) === 0x20)) end--;
  return text.slice(0, end);
}

/** Nor the spaces at its beginning, which count for nothing in most text (PS3.5 6.2). */
export function trimmed(text: string): string {
  return withoutPadding(text).replace(/^ +/, '');
}

/**
 * Makes an `AeTitle` of text, without leading and trailing spaces.
 * @throws {InvalidIdentifier} if empty, over 16 characters, or with a backslash, a control or a non-ASCII character.
 */
export function parseAeTitle(text: string): AeTitle {
  const title = text.replace(/^ +| +$/g, '');
  if (title.length === 0) throw new InvalidIdentifier('an AE title is empty or all spaces');
  if (title.length > MAX_AE_TITLE_LENGTH)
    throw new InvalidIdentifier(`an AE title has ${title.length} characters, over ${MAX_AE_TITLE_LENGTH}`);
  if (!/^[\x20-\x5b\x5d-\x7e]+$/.test(title))
    throw new InvalidIdentifier(
      `not an AE title: "${printable(title)}" has a backslash, control or non-ASCII character`,
    );
  return title as AeTitle;
}

/** A new UID under 2.25 (PS3.5 B.2): a random UUID written as one decimal number. */
export function newUid(): Uid {
  const hex = globalThis.crypto.randomUUID().replaceAll('-', '');
  return `2.25.${BigInt(`0x${hex}`)}` as Uid;
}

/** Names this implementation to peers and in file meta information (PS3.7 D.3.3.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.190146791043182537444806132342625375407' as Uid;
/** At most 16 characters (PS3.7 D.3.3.2.4). */
export const IMPLEMENTATION_VERSION_NAME = `NETDICOM_${VERSION.replaceAll('.', '')}`;
/** The one application context of DICOM (PS3.7 A.2.1). */
export const DICOM_APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1' as Uid;
