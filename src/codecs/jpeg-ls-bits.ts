/** ISO 14495-1 A.1, 9.1: the bits of a scan's coded data. */
import { DataSetError } from '../base/errors.js';

/** Reads from the most significant bit of each byte on; the one after 0xFF has seven, a zero being stuffed before them. */
export class JpegLsBits {
  readonly #bytes: Buffer;
  #at = 0;
  /** Of which the lowest `#available` bits, 31 at most, have not been read. */
  #cache = 0;
  #available = 0;
  #isAfterFF = false;

  /** @param bytes up to the marker behind the scan. */
  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** At most 16 bits. @throws {DataSetError} if there are not as many. */
  read(count: number): number {
    while (this.#available < count) this.#fill();
    this.#available -= count;
    return (this.#cache >>> this.#available) & ((1 << count) - 1);
  }

  /** How many zeros there are before the next one, and past both. @throws {DataSetError} if there are over `limit`. */
  zeros(limit: number): number {
    let zeros = 0;
    for (;;) {
      if (this.#available === 0) this.#fill();
      const leading = Math.clz32(this.#cache << (32 - this.#available));
      if (leading < this.#available) {
        this.#available -= leading + 1;
        zeros += leading;
        break;
      }
      zeros += this.#available;
      this.#available = 0;
      if (zeros > limit) break;
    }
    if (zeros > limit) throw new DataSetError('the codestream is damaged: a code that is too long');
    return zeros;
  }

  #fill(): void {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new DataSetError('the codestream ends before its last pixel');
    const bits = this.#isAfterFF ? 7 : 8;
    this.#cache = (this.#cache << bits) | byte;
    this.#available += bits;
    this.#isAfterFF = byte === 0xff;
    this.#at++;
  }
}
