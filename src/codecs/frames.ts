/** PS3.5 A.4: which of the fragments of encapsulated pixel data make up which frame. */
import type { FragmentToken, ValueToken } from '../dataset/tokens.js';
import { pixelDataError } from './image.js';

export interface FrameLayout {
  readonly numberOfFrames: number;
  /**
   * Where a frame begins if no usable offset table tells: with every fragment (PS3.5 A.4.2 for RLE), or with each that
   * begins a codestream (JPEG and its kin).
   */
  readonly begins: 'fragment' | 'codestream';
  /** Whether a fragment is the beginning of a frame by itself, which no fragment but the first of the only frame should be. */
  readonly isFrame: (fragment: Buffer) => boolean;
  /** There is an Extended Offset Table: no frame is in more than one fragment (PS3.3 C.7.6.3.1.8). */
  readonly hasExtendedOffsetTable: boolean;
  /** Longest frame to put together. */
  readonly maxBytes: number;
}

const ITEM_HEADER = 8;
/** Of a basic offset table: four million frames. */
const MAX_TABLE_BYTES = 16 * 1024 * 1024;

/** Start of image, then another marker; start of codestream, then SIZ (ISO 15444-1 A.4); a JP2 file (I.5.1). */
const CODESTREAM_STARTS = [
  Buffer.of(0xff, 0xd8, 0xff),
  Buffer.of(0xff, 0x4f, 0xff, 0x51),
  Buffer.of(0x00, 0x00, 0x00, 0x0c, 0x6a, 0x50, 0x20, 0x20),
];

/**
 * Puts frames together from the tokens of a pixel sequence, in order, keeping one and what came of the next. Codestreams
 * are told by how they begin: their ends are padded in many ways, and missing in some files.
 */
export class FrameAssembler {
  readonly #layout: FrameLayout;
  #fragment: Buffer = Buffer.alloc(0);
  #filled = 0;
  /** The first item is not a fragment but the basic offset table. */
  #isTableRead = false;
  /** The basic offset table, while it has not been found wrong. */
  #table: Buffer | undefined;
  /** Where the current fragment's item begins, counted as the table does. */
  #offset = 0;
  #frame: Buffer[] = [];
  #frameBytes = 0;
  #begun = 0;
  /** In all frames begun, the offset table not counted. */
  #fragments = 0;

  constructor(layout: FrameLayout) {
    this.#layout = layout;
  }

  /** The next token but the last. Gives a frame when the one after it has begun. */
  take(token: FragmentToken | ValueToken): Buffer | undefined {
    if (token.type === 'fragment') {
      this.#checkLength(token.length);
      this.#fragment = Buffer.allocUnsafeSlow(token.length);
      this.#filled = 0;
    } else this.#filled += token.data.copy(this.#fragment, this.#filled);
    return this.#filled === this.#fragment.length ? this.#endOfItem() : undefined;
  }

  /** The last frame. @throws {DataSetError} if there were not as many as there should be. */
  end(): Buffer {
    const { numberOfFrames } = this.#layout;
    if (this.#begun !== numberOfFrames)
      throw pixelDataError(`Number of Frames is ${numberOfFrames}, but ${this.#begun} are there`);
    return this.#takeFrame();
  }

  #checkLength(length: number): void {
    if (this.#isTableRead) {
      const { maxBytes } = this.#layout;
      if (length > maxBytes || this.#frameBytes > maxBytes)
        throw pixelDataError(`a frame of more than ${maxBytes} bytes, which is far more than it has decompressed`);
    } else if (length > MAX_TABLE_BYTES) throw pixelDataError(`a basic offset table of ${length} bytes`);
  }

  #endOfItem(): Buffer | undefined {
    if (!this.#isTableRead) {
      this.#isTableRead = true;
      this.#table = usableTable(this.#fragment, this.#layout.numberOfFrames);
      return undefined;
    }
    const isStart = this.#beginsFrame();
    this.#offset += ITEM_HEADER + this.#fragment.length;
    const frame = isStart && this.#begun > 0 ? this.#takeFrame() : undefined;
    if (isStart) this.#begun++;
    if (this.#begun > this.#layout.numberOfFrames)
      throw pixelDataError(`Number of Frames is ${this.#layout.numberOfFrames}, but there are more`);
    this.#frame.push(this.#fragment);
    this.#fragments++;
    this.#frameBytes += this.#fragment.length;
    return frame;
  }

  #beginsFrame(): boolean {
    const { numberOfFrames, begins, hasExtendedOffsetTable } = this.#layout;
    // Some writers put an empty fragment after the last frame.
    if (this.#fragment.length === 0 && this.#begun === numberOfFrames) return false;
    if (this.#begun === 0 || hasExtendedOffsetTable) return true;
    const next = this.#nextOffset();
    if (this.#offset === next) return true;
    if (begins === 'codestream') {
      const isStart = CODESTREAM_STARTS.some((start) => beginsWith(this.#fragment, start));
      // Some writers forget to count the items' headers: the codestreams know better.
      if (isStart || this.#offset > next) this.#table = undefined;
      return isStart;
    }
    if (this.#offset > next) {
      // As above, where every frame so far is one fragment (PS3.5 A.4.2 has them so): the next ones will be too.
      if (this.#fragments > this.#begun) throw pixelDataError('the basic offset table points between the fragments');
      this.#table = undefined;
    }
    return numberOfFrames > 1 ? this.#table === undefined : this.#layout.isFrame(this.#fragment);
  }

  /** Where the table has the next frame; Infinity where it has none. */
  #nextOffset(): number {
    const at = this.#begun * 4;
    return this.#table === undefined || at >= this.#table.length ? Infinity : this.#table.readUInt32LE(at);
  }

  #takeFrame(): Buffer {
    const fragments = this.#frame;
    this.#frame = [];
    this.#frameBytes = 0;
    const [only] = fragments;
    return only !== undefined && fragments.length === 1 ? only : Buffer.concat(fragments);
  }
}

/** Undefined for an empty table, and for one that cannot be right, of which there are many. */
function usableTable(table: Buffer, numberOfFrames: number): Buffer | undefined {
  if (table.length !== numberOfFrames * 4 || table.readUInt32LE() !== 0) return undefined;
  for (let at = 4; at < table.length; at += 4)
    if (table.readUInt32LE(at) <= table.readUInt32LE(at - 4)) return undefined;
  return table;
}

function beginsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}
