/**
 * Numbers in bytes, at places that are known to be there. What Buffer has for it checks each place by three more calls, which
 * costs several times as much in code that is young; so this is for what is read for every element.
 */

export function uint16LE(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
}

export function uint16BE(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function uint32LE(bytes: Uint8Array, at: number): number {
  return uint16LE(bytes, at) + uint16LE(bytes, at + 2) * 0x10000;
}

export function uint32BE(bytes: Uint8Array, at: number): number {
  return uint16BE(bytes, at) * 0x10000 + uint16BE(bytes, at + 2);
}

// Bytes as characters (ISO 8859-1): what is put together as text costs less than what is written number by number.

/** Of the lower 16 bits. */
export function uint16LEText(value: number): string {
  return String.fromCharCode(value & 0xff, (value >>> 8) & 0xff);
}

/** Of the lower 32 bits. */
export function uint32LEText(value: number): string {
  return uint16LEText(value & 0xffff) + uint16LEText(value >>> 16);
}
