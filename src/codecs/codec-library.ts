/** The one place that knows the package with the codecs: loaded when first needed, and a failure told in one line. */
import { DataSetError } from '../base/errors.js';

export type Codec = 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'ht-jpeg-2000';

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

export interface CodecLibrary {
  /**
   * Samples in little endian, in a buffer that is the caller's.
   * @throws {DataSetError} if the codec fails, or says that the codestream is damaged.
   */
  decode(codec: Codec, codestream: Buffer, input: CodecInput): Buffer;
}

const PACKAGE = 'dcmjs-codecs';
type CodecPackage = typeof import('dcmjs-codecs');

let loaded: Promise<CodecLibrary> | undefined;
/** What the codecs have said since they were last called. There is one logger in the package, whoever loads it. */
const remarks: string[] = [];

/**
 * @param purpose what cannot be done without, for the message.
 * @throws {DataSetError} if the package is not installed or does not work here.
 */
export async function loadCodecLibrary(purpose: string): Promise<CodecLibrary> {
  loaded ??= load();
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    const reason = isMissing ? 'is not installed' : `does not load: ${firstLine(error)}`;
    throw new DataSetError(`${purpose} cannot be decompressed: the package ${PACKAGE} ${reason}`);
  }
}

async function load(): Promise<CodecLibrary> {
  const { default: codecs } = await import('dcmjs-codecs');
  // The package would write to the terminal. It tells of damaged data in the same way as of all else.
  codecs.log.methodFactory =
    () =>
    (...words: readonly unknown[]) =>
      remarks.push(words.join(' '));
  codecs.log.setLevel('info', false);
  // Its state is in static fields: a class of our own is an instance that nobody else disturbs.
  const instance = class extends codecs.NativeCodecs {};
  await instance.initializeAsync({ logCodecsInfo: true });
  return {
    decode(codec, codestream, input) {
      remarks.length = 0;
      const context = contextOf(codecs, codestream, input);
      try {
        const output = call(instance, codec, context, input.toRgb).getDecodedBuffer() ?? new Uint8Array(0);
        checkRemarks(codec);
        return Buffer.from(output.buffer, output.byteOffset, output.byteLength);
      } catch (error) {
        // An instance that has thrown has lost memory and its place on its stack: the next data set gets a new one.
        loaded = undefined;
        throw new DataSetError(`the codec failed: ${firstLine(error)}`);
      }
    },
  };
}

type Context = InstanceType<CodecPackage['Context']>;

function contextOf(codecs: CodecPackage, codestream: Buffer, input: CodecInput): Context {
  return new codecs.Context({
    width: input.columns,
    height: input.rows,
    samplesPerPixel: input.samplesPerPixel,
    bitsAllocated: input.precision <= 8 ? 8 : 16,
    bitsStored: input.precision,
    pixelRepresentation: input.isSigned ? 1 : 0,
    planarConfiguration: 0,
    // Of no influence on decoding, but it must be one.
    photometricInterpretation: input.samplesPerPixel === 1 ? 'MONOCHROME2' : 'RGB',
    encodedBuffer: codestream,
  });
}

function call(instance: CodecPackage['NativeCodecs'], codec: Codec, context: Context, toRgb: boolean): Context {
  switch (codec) {
    case 'jpeg':
      return instance.decodeJpeg(context, { convertColorspaceToRgb: toRgb });
    case 'jpeg-ls':
      return instance.decodeJpegLs(context);
    case 'jpeg-2000':
      return instance.decodeJpeg2000(context);
    case 'ht-jpeg-2000':
      return instance.decodeHtJpeg2000(context);
  }
}

/**
 * The JPEG codec fills up what is missing with grey and only remarks on it. Of these remarks, the one on bytes between the
 * last pixel and the end of the image is harmless: some writers pad there.
 */
const DAMAGE = /Corrupt JPEG data: (?!\d+ extraneous bytes before marker 0xd9)|Premature end/;

function checkRemarks(codec: Codec): void {
  const damage = remarks.find((remark) => DAMAGE.test(remark));
  if (damage !== undefined) throw new Error(damage);
  // It remarks on every marker, so silence means that somebody else has taken over the package's logger.
  if (codec === 'jpeg' && remarks.length === 0) throw new Error('it does not tell whether the image is whole');
}

/** Of a message, what is left without the names of functions before it and the lines after it. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.trim().split('\n', 1)[0]?.split('::').at(-1)?.trim() ?? '';
}
