/** ISO 15444-1 A: what the main header of a JPEG 2000 codestream tells, high throughput ones (ISO 15444-15) included. */
import { DataSetError } from '../base/errors.js';

export interface Jpeg2000Header {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits per sample. */
  readonly precision: number;
  readonly isSigned: boolean;
  /** All components have the same precision and sign, and a sample for every pixel. */
  readonly isUniform: boolean;
  /** RCT or ICT: RGB goes through it in the codec (ISO 15444-1 G). */
  readonly hasComponentTransform: boolean;
}

const SOC = 0xff4f;
const SIZ = 0xff51;
const COD = 0xff52;
const SOT = 0xff90;

const JP2_SIGNATURE_BOX = 0x6a502020;
const JP2_CODESTREAM_BOX = 0x6a703263;

/**
 * The codestream alone. PS3.5 A.4.4 wants nothing else, but some files have the boxes of a JP2 file around it.
 * @throws {DataSetError} if there is none.
 */
export function jpeg2000Codestream(frame: Buffer): Buffer {
  if (frame.length < 12 || frame.readUInt32BE(4) !== JP2_SIGNATURE_BOX) return frame;
  for (let at = 0; at + 8 <= frame.length; ) {
    const length = frame.readUInt32BE(at);
    // ISO 15444-1 I.4: 0 is "to the end"; 1 a length of 64 bits, which no frame of ours can have.
    const end = length === 0 ? frame.length : at + length;
    if (frame.readUInt32BE(at + 4) === JP2_CODESTREAM_BOX) return frame.subarray(at + 8, end);
    if (length > 0 && length < 8) break;
    at = end;
  }
  throw new DataSetError('a JP2 file without a codestream');
}

/** @throws {DataSetError} if the codestream has no whole main header. */
export function readJpeg2000Header(codestream: Buffer): Jpeg2000Header {
  let size: ReturnType<typeof readSize> | undefined;
  let hasComponentTransform: boolean | undefined;
  for (const { marker, content } of mainHeader(codestream)) {
    if (marker === SIZ) size = readSize(content);
    // ISO 15444-1 A.6.1: Scod, progression order, two bytes of layers, then the transformation.
    if (marker === COD) hasComponentTransform = content[4] === 1;
  }
  if (size === undefined || hasComponentTransform === undefined) throw new DataSetError('no JPEG 2000 codestream');
  return { ...size, hasComponentTransform };
}

/** ISO 15444-1 A.5.1. */
function readSize(content: Buffer) {
  const count = content.length < 36 ? 0 : content.readUInt16BE(34);
  if (count === 0 || content.length < 36 + count * 3) throw new DataSetError('a JPEG 2000 header that is cut short');
  const components = content.subarray(36, 36 + count * 3);
  const depth = components.readUInt8(0);
  return {
    columns: content.readUInt32BE(2) - content.readUInt32BE(10),
    rows: content.readUInt32BE(6) - content.readUInt32BE(14),
    components: count,
    precision: (depth & 0x7f) + 1,
    isSigned: depth >= 0x80,
    isUniform: components.every((byte: number, index: number) => byte === (index % 3 === 0 ? depth : 1)),
  };
}

/** The marker segments before the first tile-part. */
function* mainHeader(codestream: Buffer): Generator<{ marker: number; content: Buffer }, void, void> {
  if (codestream.length < 2 || codestream.readUInt16BE(0) !== SOC) return;
  for (let at = 2; at + 4 <= codestream.length; ) {
    const marker = codestream.readUInt16BE(at);
    const end = at + 2 + codestream.readUInt16BE(at + 2);
    if (marker === SOT || end > codestream.length) return;
    yield { marker, content: codestream.subarray(at + 4, end) };
    at = end;
  }
}
