/** Bytes written as in the tables of PS3.8: hex digits, with text where the bytes are text. */

/** hex`10 00 0003 ${'1.2'}`: what is interpolated is ISO 8859-1 text, or bytes. */
export function hex(digits: TemplateStringsArray, ...values: readonly (string | Buffer)[]): Buffer {
  const parts = digits.map((part, index) => {
    const value = values[index] ?? '';
    const tail = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
    return part.replace(/\s/g, '') + tail.toString('hex');
  });
  return Buffer.from(parts.join(''), 'hex');
}

/** A PDU or an item: type, reserved byte, length in `lengthBytes` bytes, body. */
export function withLength(type: number, lengthBytes: 2 | 4, ...bodies: readonly Buffer[]): Buffer {
  const body = Buffer.concat(bodies);
  const header = Buffer.alloc(2 + lengthBytes);
  header.writeUInt8(type, 0);
  header.writeUIntBE(body.length, 2, lengthBytes);
  return Buffer.concat([header, body]);
}
