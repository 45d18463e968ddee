/** PS3.8 9.3.5: a buffer of P-DATA-TF PDUs that are framed in place, so that a file is read into what is sent. */
import { UsageError } from '../base/errors.js';

export const PDU_HEADER = 6;
export const PDV_HEADER = 6;
const FRAME = PDU_HEADER + PDV_HEADER;
/** First byte of the PDU. */
export const P_DATA_TF = 0x04;
export const COMMAND_BIT = 0x01;
export const LAST_BIT = 0x02;

/** Longest P-DATA-TF we send whatever the peer takes; a peer's "no limit" is not "no buffer". */
const MAX_SENT_LENGTH = 256 * 1024;
/** Shortest announcement that leaves room for a fragment of two bytes. */
export const MIN_MAXIMUM_LENGTH = PDV_HEADER + 2;
/** An image of 512 by 512 with 16 bits goes out in one write. */
export const BLOCK_BYTES = 576 * 1024;
/** A shorter fragment before the end of a block is not worth its headers. */
const MIN_BODY_BYTES = 1024;
/** As many as one `readv` fills, for peers that take very short PDUs only. */
const MAX_BODIES = 1024;

/** One PDV's place in its message. */
export interface PdvHeader {
  readonly presentationContextId: number;
  readonly isCommand: boolean;
}

/** Bytes of message in one PDV for a peer that announced `maximumLength` (PS3.8 D.1: 0 or nothing is no limit). */
export function fragmentSize(maximumLength: number | undefined): number {
  const announced = maximumLength === undefined || maximumLength === 0 ? MAX_SENT_LENGTH : maximumLength;
  if (announced < MIN_MAXIMUM_LENGTH)
    throw new UsageError(`the peer's maximum PDU length of ${announced} bytes leaves no room for data`);
  // PS3.8 Annex E.1: fragments have an even length, so an odd maximum is rounded down.
  return (Math.min(announced, MAX_SENT_LENGTH) - PDV_HEADER) & ~1;
}

/**
 * PDUs of one PDV each, one behind the other: put message bytes into `bodies`, call `frame`, and so on while it `hasRoom`;
 * then send `pdus`, and `truncate` the block when they are sent.
 */
export class PDataBlock {
  readonly #bytes: Buffer;
  readonly #fragmentSize: number;
  #length = 0;

  constructor(maximumLength: number | undefined, size: number) {
    this.#fragmentSize = fragmentSize(maximumLength);
    this.#bytes = Buffer.allocUnsafeSlow(size);
  }

  get size(): number {
    return this.#bytes.length;
  }

  /** Bytes of PDUs framed so far. */
  get length(): number {
    return this.#length;
  }

  /** Whether there is so much that `bodies` should be asked for more. */
  get hasRoom(): boolean {
    return this.#length + FRAME + Math.min(this.#fragmentSize, MIN_BODY_BYTES) <= this.#bytes.length;
  }

  get pdus(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Takes back what was framed after the first `length` bytes. */
  truncate(length: number): void {
    this.#length = length;
  }

  /**
   * Room behind what is framed, of even sizes, each to be filled before the next: for `wanted` bytes of message at least, if
   * the block has so much.
   */
  bodies(wanted: number): readonly Buffer[] {
    const bodies: Buffer[] = [];
    let left = wanted;
    for (let at = this.#length + FRAME; at + 2 <= this.#bytes.length && left > 0 && bodies.length < MAX_BODIES; ) {
      const size = Math.min(this.#fragmentSize, (this.#bytes.length - at) & ~1);
      bodies.push(this.#bytes.subarray(at, at + size));
      at += size + FRAME;
      left -= size;
    }
    return bodies;
  }

  /**
   * Puts headers before the first `bytes` bytes of the bodies.
   * @param isLast marks the last of them as the message's last fragment. With 0 bytes that is one empty fragment.
   */
  frame(header: PdvHeader, bytes: number, isLast: boolean): void {
    let left = bytes;
    do {
      const length = Math.min(left, this.#fragmentSize);
      left -= length;
      this.#writeHeaders(header, length, isLast && left === 0);
      this.#length += FRAME + length;
    } while (left > 0);
  }

  #writeHeaders(header: PdvHeader, length: number, isLast: boolean): void {
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = P_DATA_TF;
    bytes[at + 1] = 0;
    bytes.writeUInt32BE(PDV_HEADER + length, at + 2);
    bytes.writeUInt32BE(2 + length, at + PDU_HEADER);
    bytes[at + PDU_HEADER + 4] = header.presentationContextId;
    bytes[at + PDU_HEADER + 5] = (header.isCommand ? COMMAND_BIT : 0) | (isLast ? LAST_BIT : 0);
  }
}
