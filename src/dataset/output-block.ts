/** Where a writer puts bytes: small pieces gathered in blocks, large views let through, words turned round on the way. */

/** Of the first block: most data sets have no more beside their pixel data. */
const FIRST_BLOCK_BYTES = 4 * 1024;
const BLOCK_BYTES = 64 * 1024;
/** From this size on, a view that needs no change costs less as a buffer of its own than copied. */
const MIN_PASSED_BYTES = 4096;

/** Blocks are handed out once and never used again; passed views stay the property of whoever they came from. */
export class OutputBlock {
  #block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  /** Of the block, what is before `#sent` has been handed out, and what is before `#used` written. */
  #sent = 0;
  #used = 0;
  /** Bytes before `#used` of a word that the last piece of its value cut. */
  #cut = 0;
  #ready: Buffer[] = [];

  /** Where bytes may be written, `length` of them at least (half of `BLOCK_BYTES` at the most): `wrote` is then told how many there are. */
  room(length: number): { readonly target: Buffer; readonly at: number } {
    if (this.#block.length - this.#used < length) this.#nextBlock();
    return { target: this.#block, at: this.#used };
  }

  wrote(length: number): void {
    this.#used += length;
  }

  /** Adds bytes as they are: a large piece without copying it, so it is to be left alone until it has been taken and used. */
  add(data: Buffer): void {
    if (data.length < MIN_PASSED_BYTES) {
      this.#copy(data, 1);
      return;
    }
    this.#handOut();
    this.#ready.push(data);
  }

  /** Adds a piece of a value with the bytes of each word of `width` turned round; a word that is cut waits for the next. */
  addSwapped(data: Buffer, width: 2 | 4 | 8): void {
    this.#copy(data, width);
  }

  /** Ends a value of words: bytes that do not make a whole word stay as they are. */
  endValue(): void {
    this.#cut = 0;
  }

  /** What has become whole since the last call, in order. The last block stays until it is full, or until `finish`. */
  take(): readonly Buffer[] {
    const ready = this.#ready;
    if (ready.length > 0) this.#ready = [];
    return ready;
  }

  /** The rest. */
  finish(): readonly Buffer[] {
    this.#handOut();
    return this.take();
  }

  #copy(data: Buffer, width: 1 | 2 | 4 | 8): void {
    for (let from = 0; from < data.length; ) {
      if (this.#used === this.#block.length) this.#nextBlock();
      const start = this.#used - this.#cut;
      const copied = data.copy(this.#block, this.#used, from);
      from += copied;
      this.#used += copied;
      this.#cut = (this.#used - start) % width;
      if (width !== 1) swapWords(this.#block.subarray(start, this.#used - this.#cut), width);
    }
  }

  #nextBlock(): void {
    const full = this.#block;
    this.#handOut();
    this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.#used = full.copy(this.#block, 0, this.#sent, this.#used);
    this.#sent = 0;
  }

  /** Hands out what has been written, but for a word that is still cut. */
  #handOut(): void {
    const end = this.#used - this.#cut;
    if (end > this.#sent) this.#ready.push(this.#block.subarray(this.#sent, end));
    this.#sent = end;
  }
}

function swapWords(bytes: Buffer, width: 2 | 4 | 8): void {
  if (width === 2) bytes.swap16();
  else if (width === 4) bytes.swap32();
  else bytes.swap64();
}
