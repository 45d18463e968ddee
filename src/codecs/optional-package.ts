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

/** Loaded when first needed, and anew after it could not be or was forgotten. */
export class OptionalPackage<T> {
  readonly #name: string;
  readonly #load: () => Promise<T>;
  #loaded: Promise<T> | undefined;

  constructor(name: string, load: () => Promise<T>) {
    this.#name = name;
    this.#load = load;
  }

  /**
   * @param purpose what cannot be done without, for the message.
   * @throws {DataSetError} if the package is not installed or does not work here.
   */
  async get(purpose: string): Promise<T> {
    this.#loaded ??= this.#load();
    try {
      return await this.#loaded;
    } catch (error) {
      this.forget();
      const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
      const reason = isMissing ? 'is not installed' : `does not load: ${firstLine(error)}`;
      throw new DataSetError(`${purpose} cannot be decompressed: the package ${this.#name} ${reason}`);
    }
  }

  /** What a codec that has thrown has left behind is unknown: the next image gets a new one. */
  forget(): void {
    this.#loaded = undefined;
  }
}

/** A codec's own words, without the names of functions before them and the lines after them. */
export function codecError(error: unknown): DataSetError {
  return new DataSetError(`the codec failed: ${firstLine(error)}`);
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n', 1)[0]?.split('::').at(-1)?.trim() ?? '';
}
