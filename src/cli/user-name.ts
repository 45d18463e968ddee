/** User names: any text in UTF-8 (PS3.7 Table D.3-14), as long as it can stand in a line of a file. */

/** In UTF-16 units. To normalise a name takes time that grows with the square of its length, and a peer may send 65,535 bytes. */
export const MAX_NAME_LENGTH = 256;

/**
 * A user name as it is compared: two ways to write the same letters are one (Unicode NFC), as RFC 8265 3.3 has it.
 * @throws {RangeError} on one that cannot stand in a line of the file
 */
export function userName(name: string): string {
  if (name.length > MAX_NAME_LENGTH) throw new RangeError(`has more than ${MAX_NAME_LENGTH} characters`);
  const normal = normalName(name);
  if (normal === '') throw new RangeError('is empty');
  if (/[\p{Cc}\ufffd]/u.test(normal)) throw new RangeError('has a control character, or what is not UTF-8');
  if (normal !== normal.trim()) throw new RangeError('begins or ends with a space');
  if (normal.startsWith('#')) throw new RangeError('begins with #, as comments do');
  return normal;
}

/** @param name of `MAX_NAME_LENGTH` at most */
export function normalName(name: string): string {
  return name.normalize('NFC');
}
