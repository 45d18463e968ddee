/** ISO 14495-1 Annex C: the scans of a JPEG-LS codestream, and the pixels that they make up together. */
import { DataSetError } from '../base/errors.js';
import { codedData, type JpegHeader, markerSegments } from './jpeg-header.js';
import { type JpegLsParameters, JpegLsScan, type Line } from './jpeg-ls-scan.js';

const SOS = 0xda;
const DRI = 0xdd;
/** JPEG-LS preset parameters (C.2.4.1). */
const LSE = 0xf8;
const LSE_CODING_PARAMETERS = 1;
/** APP8 of some encoders: RGB went through a transform that the standard does not know. */
const APP8 = 0xe8;
const COLOUR_TRANSFORM = 'mrfx';

/** C.2.3. */
interface ScanHeader {
  /** Where they are among those of the frame. */
  readonly components: readonly number[];
  readonly near: number;
  /** Of components in one scan: by line or by pixel. */
  readonly isByPixel: boolean;
}

/** Values of a preset, 0 for a default. */
interface Preset {
  readonly maximum: number;
  readonly thresholds: readonly [number, number, number];
  readonly reset: number;
}

const NO_PRESET: Preset = { maximum: 0, thresholds: [0, 0, 0], reset: 0 };
const DEFAULT_RESET = 64;
/** C.2.4.1.1.1. */
const DEFAULT_THRESHOLDS = [3, 7, 21] as const;

/**
 * Samples pixel by pixel: a byte each up to 8 bits of precision, else two in little endian.
 * @param header of that codestream, with a size that the caller is ready to give memory for.
 * @throws {DataSetError} if there are no pixels for all of it, or it uses what DICOM's encoders do not.
 */
export function decodeJpegLsCodestream(codestream: Buffer, header: JpegHeader): Buffer {
  const { rows, columns, components, precision } = header;
  if (components.some(({ horizontal, vertical }) => horizontal !== 1 || vertical !== 1))
    throw new DataSetError('components that differ in size');
  const samples = rows * columns * components.length;
  const pixels = precision <= 8 ? new Uint8Array(samples) : new Uint16Array(samples);
  const missing = new Set(components.keys());
  let preset = NO_PRESET;
  for (const { marker, content, end } of markerSegments(codestream)) {
    refuseUnknown(marker, content);
    if (marker === LSE && content[0] === LSE_CODING_PARAMETERS) preset = readPreset(content);
    if (marker !== SOS) continue;
    const scan = readScanHeader(content, header);
    for (const component of scan.components)
      if (!missing.delete(component)) throw new DataSetError('two scans of one component');
    const parameters = parametersOf(preset, precision, scan.near);
    decodeScan(new JpegLsScan(codedData(codestream, end), parameters), { scan, header, pixels });
    if (missing.size === 0) return Buffer.from(pixels.buffer);
  }
  throw new DataSetError('the codestream ends before its last scan');
}

/** What would need another decoder, and is in no DICOM file that is known. */
function refuseUnknown(marker: number, content: Buffer): void {
  const isTable = marker === LSE && content[0] !== LSE_CODING_PARAMETERS;
  const isTransform = marker === APP8 && content.toString('latin1', 0, 4) === COLOUR_TRANSFORM && content[4] !== 0;
  // ISO 10918-1 B.2.4.4: an interval of 0 is none.
  if (marker === DRI && content.some((byte) => byte !== 0)) throw new DataSetError('JPEG-LS with restart intervals');
  if (isTable || isTransform) throw new DataSetError('JPEG-LS with a mapping table or a colour transform');
}

function readPreset(content: Buffer): Preset {
  if (content.length < 11) throw new DataSetError('JPEG-LS parameters that are cut short');
  const [maximum, t1, t2, t3, reset] = [1, 3, 5, 7, 9].map((at) => content.readUInt16BE(at));
  return { maximum: maximum ?? 0, thresholds: [t1 ?? 0, t2 ?? 0, t3 ?? 0], reset: reset ?? 0 };
}

function readScanHeader(content: Buffer, { components }: JpegHeader): ScanHeader {
  const count = content[0] ?? 0;
  if (count === 0 || content.length < 4 + 2 * count) throw new DataSetError('a JPEG-LS scan header that is cut short');
  const found = Array.from({ length: count }, (_, index) =>
    components.findIndex(({ id }) => id === content[1 + 2 * index]),
  );
  const tables = found.map((_, index) => content[2 + 2 * index]);
  const [near = 0, interleave = 0, transform = 0] = content.subarray(1 + 2 * count);
  if (found.includes(-1) || new Set(found).size < count)
    throw new DataSetError('a scan of components that are not there');
  if (tables.some((table) => table !== 0) || transform !== 0)
    throw new DataSetError('JPEG-LS with a mapping table or a point transform');
  if (interleave > 2 || (interleave === 0) !== (count === 1))
    throw new DataSetError(`a scan of ${count} components in order ${interleave}`);
  return { components: found, near, isByPixel: interleave === 2 };
}

/** C.2.4.1.1. */
function parametersOf(preset: Preset, precision: number, near: number): JpegLsParameters {
  const largest = 2 ** precision - 1;
  const maximum = preset.maximum || largest;
  const reset = preset.reset || DEFAULT_RESET;
  const defaults = defaultThresholds(maximum, near);
  const [t1, t2, t3] = preset.thresholds.map((threshold, index) => threshold || defaults[index] || 0);
  const thresholds = [t1 ?? 0, t2 ?? 0, t3 ?? 0] as const;
  const inOrder = [near + 1, ...thresholds, maximum];
  const isRight =
    maximum <= largest &&
    near <= Math.min(255, maximum >> 1) &&
    inOrder.every((value, index) => value >= (inOrder[index - 1] ?? 0));
  if (!isRight || reset < 3) throw new DataSetError('JPEG-LS parameters that cannot be');
  return { maximum, near, thresholds, reset };
}

function defaultThresholds(maximum: number, near: number): readonly number[] {
  const thresholds: number[] = [];
  let least = near + 1;
  for (const [index, basic] of DEFAULT_THRESHOLDS.entries()) {
    const distance = near * (3 + 2 * index);
    const factor = maximum >= 128 ? (Math.min(maximum, 4095) + 128) >> 8 : Math.floor(256 / (maximum + 1));
    const wanted =
      maximum >= 128
        ? factor * (basic - 2 - index) + 2 + index + distance
        : Math.max(2 + index, Math.floor(basic / factor) + distance);
    least = wanted > maximum || wanted < least ? least : wanted;
    thresholds.push(least);
  }
  return thresholds;
}

interface Place {
  readonly scan: ScanHeader;
  readonly header: JpegHeader;
  readonly pixels: Uint8Array | Uint16Array;
}

function decodeScan(decoder: JpegLsScan, { scan, header, pixels }: Place): void {
  const { rows, columns, components } = header;
  const newLines = (): readonly Line[] => scan.components.map(() => new Int32Array(columns + 2));
  let [above, lines] = [newLines(), newLines()];
  const runIndexes = scan.components.map(() => 0);
  for (let row = 0; row < rows; row++) {
    if (scan.isByPixel) decoder.decodePixels(above, lines);
    for (const [index, line] of lines.entries()) {
      if (!scan.isByPixel) runIndexes[index] = decoder.decodeLine(above[index] ?? line, line, runIndexes[index] ?? 0);
      let to = row * columns * components.length + (scan.components[index] ?? 0);
      for (let at = 1; at <= columns; at++, to += components.length) pixels[to] = line[at] ?? 0;
    }
    [above, lines] = [lines, above];
  }
}
