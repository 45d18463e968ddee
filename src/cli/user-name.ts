/** User names: any text in UTF-8 (PS3.7 Table D.3-14), as long as it can stand in a line of a file. */

/**
 * A user name as it is compared: two ways to write the same letters are one (Unicode NFC), as RFC 8265 3.3 has it.
 * @throws {RangeError} on one that cannot stand in a line of the file
 */
export function userName(name: string): string {
  const normal = normalName(name);
  if (normal === '') throw new RangeError('is empty');
  if (/[\p{Cc}\ufffd]/u.test(normal)) throw new RangeError('has a control character, or what is not UTF-8');
  if (normal !== normal.trim()) throw new RangeError('begins or ends with a space');
  if (normal.startsWith('#')) throw new RangeError('begins with #, as comments do');
  return normal;
}

export function normalName(name: string): string {
  return name.normalize('NFC');
}
