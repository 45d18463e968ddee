/** What the packages that may be missing have in common: how a codec in one is called, and how a failure is told. */
import { DataSetError } from '../base/errors.js';

/** What the codecs want to be told besides the codestream. */
export interface CodecInput {
  readonly rows: number;
  readonly columns: number;
  readonly samplesPerPixel: number;
  /** Bits per sample, of which those up to 8 come out in a byte, the others in two. */
  readonly precision: number;
  readonly isSigned: boolean;
  /** JPEG: turn YCbCr into RGB. */
  readonly toRgb: boolean;
}

/**
 * Samples pixel by pixel in little endian, in a buffer that is the caller's.
 * @throws {DataSetError} if the codec fails, or says that the codestream is damaged.
 */
export type CodestreamDecoder = (codestream: Buffer, input: CodecInput) => Buffer;

/**
 * Why a package could not be loaded.
 * @param purpose what cannot be done without it.
 */
export function loadError(name: string, purpose: string, error: unknown): DataSetError {
  const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
  const reason = isMissing ? 'is not installed' : `does not load: ${firstLine(error)}`;
  return new DataSetError(`${purpose} cannot be decompressed: the package ${name} ${reason}`);
}

/** A codec's own words, without the names of functions before them and the lines after them. */
export function codecError(error: unknown): DataSetError {
  return new DataSetError(`the codec failed: ${firstLine(error)}`);
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n', 1)[0]?.split('::').at(-1)?.trim() ?? '';
}
