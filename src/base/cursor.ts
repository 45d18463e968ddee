/** Bounds-checked reading and back-patched writing of PDUs. P-DATA on its way is framed and read elsewhere, without copies. */
import { ProtocolError, UsageError } from './errors.js';

/** Reads forward through a buffer that somebody else owns; `bytes()` gives views of it. */
export class ByteReader {
  readonly #bytes: Buffer;
  readonly #start: number;
  #offset: number;
  readonly #end: number;

  /** @param start what `offset` counts from, so that errors tell the place in the whole PDU. */
  constructor(bytes: Buffer, start = 0) {
    this.#bytes = bytes;
    this.#start = start;
    this.#offset = 0;
    this.#end = bytes.length;
  }

  get offset(): number {
    return this.#start + this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#take(1));
  }

  uint16BE(): number {
    return this.#bytes.readUInt16BE(this.#take(2));
  }

  uint32BE(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** A view of the next `length` bytes. */
  bytes(length: number): Buffer {
    const from = this.#take(length);
    return this.#bytes.subarray(from, from + length);
  }

  /** The next `length` bytes as text; bytes over 7FH read as ISO 8859-1, so that no byte is lost. */
  text(length: number): string {
    const from = this.#take(length);
    return this.#bytes.toString('latin1', from, from + length);
  }

  /** A reader of the next `length` bytes alone. */
  section(length: number): ByteReader {
    const start = this.offset;
    return new ByteReader(this.bytes(length), start);
  }

  #take(length: number): number {
    const from = this.#offset;
    if (length > this.#end - from)
      throw new ProtocolError(
        'invalid-pdu-parameter-value',
        `cut short: ${length} bytes should follow, ${this.#end - from} do`,
        this.offset,
      );
    this.#offset = from + length;
    return from;
  }
}

const INITIAL_CAPACITY = 512;

/** Writes forward into a buffer that grows; lengths are patched in when what they count has been written. */
export class ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(INITIAL_CAPACITY);
  #offset = 0;

  get offset(): number {
    return this.#offset;
  }

  uint8(value: number): this {
    const at = this.#grow(1);
    this.#bytes.writeUInt8(value, at);
    return this;
  }

  uint16BE(value: number): this {
    const at = this.#grow(2);
    this.#bytes.writeUInt16BE(value, at);
    return this;
  }

  uint32BE(value: number): this {
    const at = this.#grow(4);
    this.#bytes.writeUInt32BE(value, at);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** ISO 8859-1, the inverse of `ByteReader.text`. */
  text(value: string): this {
    const at = this.#grow(value.length);
    this.#bytes.write(value, at, 'latin1');
    return this;
  }

  zeros(length: number): this {
    const at = this.#grow(length);
    this.#bytes.fill(0, at, at + length);
    return this;
  }

  /** Writes a 16-bit big endian count of the bytes that `body` writes, then those. @throws {UsageError} if they are too many */
  counted16BE(body: () => void): this {
    const at = this.#grow(2);
    body();
    const length = this.#offset - at - 2;
    if (length > 0xffff) throw new UsageError(`${length} bytes are too many for an item, which has room for 65535`);
    this.#bytes.writeUInt16BE(length, at);
    return this;
  }

  /** Writes a 32-bit big endian count of the bytes that `body` writes, then those. */
  counted32BE(body: () => void): this {
    const at = this.#grow(4);
    body();
    const length = this.#offset - at - 4;
    this.#bytes.writeUInt32BE(length, at);
    return this;
  }

  /** A view of all that was written; the writer is not to be used after. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#offset);
  }

  #grow(length: number): number {
    const at = this.#offset;
    const needed = at + length;
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, at);
      this.#bytes = larger;
    }
    this.#offset = needed;
    return at;
  }
}
