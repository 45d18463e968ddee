/** PS3.8 9.3.5: a buffer of P-DATA-TF PDUs that are framed in place, so that a file is read into what is sent. */
import { UsageError } from '../base/errors.js';

export const PDU_HEADER = 6;
export const PDV_HEADER = 6;
const FRAME = PDU_HEADER + PDV_HEADER;
const P_DATA_TF = 0x04;
export const COMMAND_BIT = 0x01;
export const LAST_BIT = 0x02;

/** Longest P-DATA-TF we send whatever the peer takes; a peer's "no limit" is not "no buffer". */
const MAX_SENT_LENGTH = 256 * 1024;
/** Shortest announcement that leaves room for a fragment of two bytes. */
export const MIN_MAXIMUM_LENGTH = PDV_HEADER + 2;
const BLOCK_BYTES = 512 * 1024;
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
 * Room for as many PDUs of one PDV each as fit half a mebibyte: write message bytes into `bodies`, call `frame`,
 * send what it returns, and leave the block alone until that is sent.
 */
export class PDataBlock {
  readonly #bytes: Buffer;
  readonly #fragmentSize: number;
  readonly bodies: readonly Buffer[];

  /** @param wanted bytes of message the block should hold if it is to hold less than a full block. */
  constructor(maximumLength: number | undefined, wanted = BLOCK_BYTES) {
    this.#fragmentSize = fragmentSize(maximumLength);
    const frameSize = FRAME + this.#fragmentSize;
    const most = Math.min(MAX_BODIES, Math.floor(BLOCK_BYTES / frameSize));
    const count = Math.max(1, Math.min(most, Math.ceil(wanted / this.#fragmentSize)));
    this.#bytes = Buffer.allocUnsafeSlow(count * frameSize);
    this.bodies = Array.from({ length: count }, (_, index) => {
      const from = index * frameSize + FRAME;
      return this.#bytes.subarray(from, from + this.#fragmentSize);
    });
  }

  /**
   * Puts headers before the first `bytes` bytes of the bodies and returns the whole PDUs.
   * @param isLast marks the last of them as the message's last fragment. With 0 bytes that is one empty fragment.
   */
  frame(header: PdvHeader, bytes: number, isLast: boolean): Buffer {
    const count = Math.max(1, Math.ceil(bytes / this.#fragmentSize));
    let offset = 0;
    for (let index = 0, left = bytes; index < count; index++) {
      const length = Math.min(left, this.#fragmentSize);
      this.#writeHeaders(offset, header, length, isLast && index === count - 1);
      offset += FRAME + length;
      left -= length;
    }
    return this.#bytes.subarray(0, offset);
  }

  #writeHeaders(offset: number, header: PdvHeader, length: number, isLast: boolean): void {
    const bytes = this.#bytes;
    bytes[offset] = P_DATA_TF;
    bytes[offset + 1] = 0;
    bytes.writeUInt32BE(PDV_HEADER + length, offset + 2);
    bytes.writeUInt32BE(2 + length, offset + PDU_HEADER);
    bytes[offset + PDU_HEADER + 4] = header.presentationContextId;
    bytes[offset + PDU_HEADER + 5] = (header.isCommand ? COMMAND_BIT : 0) | (isLast ? LAST_BIT : 0);
  }
}
