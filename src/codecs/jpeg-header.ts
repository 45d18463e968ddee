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
  /** Components in the first scan: fewer than there are means a scan for each. */
  readonly componentsInScan: number;
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

interface Segment {
  readonly marker: number;
  /** Without its length. */
  readonly content: Buffer;
}

/** @throws {DataSetError} if the codestream has no frame header, or none before its first scan. */
export function readJpegHeader(codestream: Buffer): JpegHeader {
  let adobeTransform: number | undefined;
  let frame: Omit<JpegHeader, 'adobeTransform' | 'componentsInScan'> | undefined;
  for (const { marker, content } of segmentsOf(codestream)) {
    if (isStartOfFrame(marker)) frame ??= readFrameHeader(marker, content);
    if (marker === APP14 && content.toString('latin1', 0, ADOBE.length) === ADOBE)
      adobeTransform = content[ADOBE_TRANSFORM_AT];
    if (marker === SOS && frame !== undefined) return { ...frame, adobeTransform, componentsInScan: content[0] ?? 0 };
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

/** The marker segments up to the first scan, that one's included. */
function* segmentsOf(codestream: Buffer): Generator<Segment, void, void> {
  if (codestream[0] !== 0xff || codestream[1] !== SOI) return;
  for (let at = 2; at + 4 <= codestream.length; ) {
    const marker = codestream.readUInt8(at + 1);
    if (codestream[at] !== 0xff) return;
    // ISO 10918-1 B.1.1.2: any number of fill bytes before a marker.
    if (marker === 0xff) at += 1;
    else if (STANDALONE.test(marker.toString(16).padStart(2, '0'))) at += 2;
    else {
      const end = at + 2 + codestream.readUInt16BE(at + 2);
      yield { marker, content: codestream.subarray(at + 4, end) };
      if (marker === SOS) return;
      at = end;
    }
  }
}
