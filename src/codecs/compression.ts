/** Which transfer syntaxes can be decompressed, and what that does to the photometric interpretation. */
import type { TransferSyntax } from '../dataset/transfer-syntax.js';

/** What was done to each frame. `none` is pixel data that is in fragments all the same. */
export type Compression = 'none' | 'deflate' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg-2000';

// PS3.5 A.4, clause by clause.
const COMPRESSIONS: Readonly<Record<string, Compression>> = {
  '1.2.840.10008.1.2.1.98': 'none',
  '1.2.840.10008.1.2.4.50': 'jpeg',
  '1.2.840.10008.1.2.4.51': 'jpeg',
  // Retired: the same with spectral selection, and progressive.
  '1.2.840.10008.1.2.4.53': 'jpeg',
  '1.2.840.10008.1.2.4.55': 'jpeg',
  '1.2.840.10008.1.2.4.57': 'jpeg-lossless',
  '1.2.840.10008.1.2.4.70': 'jpeg-lossless',
  '1.2.840.10008.1.2.4.80': 'jpeg-ls',
  '1.2.840.10008.1.2.4.81': 'jpeg-ls',
  '1.2.840.10008.1.2.4.90': 'jpeg-2000',
  '1.2.840.10008.1.2.4.91': 'jpeg-2000',
  '1.2.840.10008.1.2.4.201': 'jpeg-2000',
  '1.2.840.10008.1.2.4.202': 'jpeg-2000',
  '1.2.840.10008.1.2.4.203': 'jpeg-2000',
  '1.2.840.10008.1.2.5': 'rle',
  '1.2.840.10008.1.2.8.1': 'deflate',
};

/** Undefined for a syntax whose pixel data cannot be decompressed: native ones, video, JPIP, private ones. */
export function compressionOf(syntax: TransferSyntax): Compression | undefined {
  return COMPRESSIONS[syntax.uid];
}

/** True if `decompressedChunks` takes it to any native or deflated syntax. Tells nothing of whether the codec is installed. */
export function canDecompress(syntax: TransferSyntax): boolean {
  return compressionOf(syntax) !== undefined;
}

/** PS3.5 8.2.1, 8.2.3, 10.3: what can be lossy but need not be, as JPEG 2000 can, is not among them. */
const ALWAYS_LOSSY: ReadonlySet<string> = new Set([
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.53',
  '1.2.840.10008.1.2.4.55',
  '1.2.840.10008.1.2.4.81',
]);

/** True where the transfer syntax itself says that pixels were lost. */
export function isLossy(syntax: TransferSyntax): boolean {
  return ALWAYS_LOSSY.has(syntax.uid);
}

/** True where each frame is a codestream, which tells by its first bytes that it is one. */
export function isCodestream(compression: Compression): boolean {
  return compression.startsWith('jpeg');
}

const UNCHANGED: ReadonlySet<string> = new Set(['MONOCHROME1', 'MONOCHROME2', 'PALETTE COLOR', 'RGB', 'YBR_FULL']);
/** A codec gives a sample of each chrominance for every pixel, which is what sets YBR_FULL apart (PS3.3 C.7.6.3.1.2). */
const UPSAMPLED: Readonly<Record<string, string>> = { YBR_FULL_422: 'YBR_FULL' };
const CHANGED: Readonly<Record<Compression, Readonly<Record<string, string>>>> = {
  none: {},
  deflate: {},
  rle: {},
  // What is lossy already gains nothing by staying in YCbCr, and few receivers expect it of native pixels.
  jpeg: { YBR_FULL: 'RGB', YBR_FULL_422: 'RGB' },
  'jpeg-lossless': UPSAMPLED,
  'jpeg-ls': UPSAMPLED,
  // PS3.3 C.7.6.3.1.2: these two exist within a JPEG 2000 codestream only, and its decoder undoes them.
  'jpeg-2000': { ...UPSAMPLED, YBR_RCT: 'RGB', YBR_ICT: 'RGB' },
};

/** Photometric Interpretation (0028,0004) of the decompressed pixels; undefined if there is no way to them. */
export function decompressedPhotometric(compressed: string, compression: Compression): string | undefined {
  return CHANGED[compression][compressed] ?? (UNCHANGED.has(compressed) ? compressed : undefined);
}
