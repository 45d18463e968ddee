/** ISO 10918-1 B.2, ISO 14495-1 C: what the headers of a JPEG or JPEG-LS codestream tell before its first scan. */
import { DataSetError } from '../base/errors.js';

export interface JpegHeader {
  /** Of the marker SOFn: 0 to 2 are lossy, 3 lossless, 55 JPEG-LS. */
  readonly process: number;
  /** Bits per sample. */
  readonly precision: number;
  readonly rows: number;
  readonly columns: number;
  readonly components: readonly JpegComponent[];
  /** Transform flag of an Adobe APP14 segment: 0 none (RGB), 1 YCbCr (ISO 10918-6 6.5.3). Undefined without one. */
  readonly adobeTransform: number | undefined;
}

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors (ISO 10918-1 A.1.1). */
  readonly horizontal: number;
  readonly vertical: number;
}

const SOI = 0xd8;
const SOS = 0xda;
const APP14 = 0xee;
const FIRST_SOF = 0xc0;
const LAST_SOF = 0xcf;
/** DHT, JPG and DAC stand among the SOF markers. */
const NOT_SOF = [0xc4, 0xc8, 0xcc];
const SOF55 = 0xf7;
/** Markers without a segment: TEM, RSTn, SOI, EOI (ISO 10918-1 Table B.1). */
const STANDALONE = /^(?:01|d[0-9])$/;
const ADOBE = 'Adobe';
const ADOBE_TRANSFORM_AT = 11;

/** A marker and what is with it (ISO 10918-1 B.1.1.4). */
export interface MarkerSegment {
  readonly marker: number;
  /** Without its length. */
  readonly content: Buffer;
  /** Where it ends in the codestream. */
  readonly end: number;
}

/** @throws {DataSetError} if the codestream has no frame header, or none before its first scan. */
export function readJpegHeader(codestream: Buffer): JpegHeader {
  let adobeTransform: number | undefined;
  let frame: Omit<JpegHeader, 'adobeTransform'> | undefined;
  for (const { marker, content } of markerSegments(codestream)) {
    if (isStartOfFrame(marker)) frame ??= readFrameHeader(marker, content);
    if (marker === APP14 && content.toString('latin1', 0, ADOBE.length) === ADOBE)
      adobeTransform = content[ADOBE_TRANSFORM_AT];
    if (marker === SOS && frame !== undefined) return { ...frame, adobeTransform };
  }
  throw new DataSetError('no JPEG codestream');
}

function isStartOfFrame(marker: number): boolean {
  return marker === SOF55 || (marker >= FIRST_SOF && marker <= LAST_SOF && !NOT_SOF.includes(marker));
}

/** ISO 10918-1 B.2.2. */
function readFrameHeader(marker: number, content: Buffer) {
  const count = content[5] ?? 0;
  if (content.length < 6 + count * 3) throw new DataSetError('a JPEG frame header that is cut short');
  return {
    process: marker - FIRST_SOF,
    precision: content.readUInt8(0),
    rows: content.readUInt16BE(1),
    columns: content.readUInt16BE(3),
    components: Array.from({ length: count }, (_, index) => {
      const sampling = content.readUInt8(7 + index * 3);
      return { id: content.readUInt8(6 + index * 3), horizontal: sampling >> 4, vertical: sampling & 0x0f };
    }),
  };
}

/** The marker segments, past the coded data of scans, up to the end or to where something else is. */
export function* markerSegments(codestream: Buffer): Generator<MarkerSegment, void, void> {
  if (codestream[0] !== 0xff || codestream[1] !== SOI) return;
  for (let at = 2; at + 4 <= codestream.length; ) {
    const marker = codestream.readUInt8(at + 1);
    if (codestream[at] !== 0xff) return;
    // ISO 10918-1 B.1.1.2: any number of fill bytes before a marker.
    if (marker === 0xff) at += 1;
    else if (STANDALONE.test(marker.toString(16).padStart(2, '0'))) at += 2;
    else {
      const end = at + 2 + codestream.readUInt16BE(at + 2);
      yield { marker, content: codestream.subarray(at + 4, end), end };
      at = marker === SOS ? end + codedData(codestream, end).length : end;
    }
  }
}

/**
 * What is coded from `from` on, to the next marker. Within, 0xFF has a zero behind it, or (ISO 14495-1 9.1) a byte with a zero
 * bit first.
 */
export function codedData(codestream: Buffer, from: number): Buffer {
  let end = codestream.indexOf(0xff, from);
  while (end !== -1 && (codestream[end + 1] ?? 0xff) < 0x80) end = codestream.indexOf(0xff, end + 1);
  return codestream.subarray(from, end === -1 ? codestream.length : end);
}
