/** The one place that knows the package with the codecs for JPEG and JPEG 2000, which is loaded when first needed. */
import { type CodecInput, type CodestreamDecoder, codecError, OptionalPackage } from './optional-package.js';

export interface CodecLibrary {
  readonly decodeJpeg: CodestreamDecoder;
  /** High throughput too. Of colour, it gives no more than the lower 8 bits of each sample. */
  readonly decodeJpeg2000: CodestreamDecoder;
}

type CodecPackage = typeof import('dcmjs-codecs');
type Context = InstanceType<CodecPackage['Context']>;

/** What the codecs have said since they were last called. There is one logger in the package, whoever loads it. */
const remarks: string[] = [];

const library = new OptionalPackage('dcmjs-codecs', load);

/** See `OptionalPackage.get`. */
export function loadCodecLibrary(purpose: string): Promise<CodecLibrary> {
  return library.get(purpose);
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
    decodeJpeg: (codestream, input) =>
      decoded(() => {
        const context = contextOf(codecs, codestream, input);
        const result = instance.decodeJpeg(context, { convertColorspaceToRgb: input.toRgb });
        checkRemarks();
        return result;
      }),
    decodeJpeg2000: (codestream, input) => decoded(() => instance.decodeJpeg2000(contextOf(codecs, codestream, input))),
  };
}

function decoded(decode: () => Context): Buffer {
  remarks.length = 0;
  try {
    const output = decode().getDecodedBuffer() ?? new Uint8Array(0);
    return Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  } catch (error) {
    // An instance that has thrown has lost memory and its place on its stack: the next image gets a new one.
    library.forget();
    throw codecError(error);
  }
}

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

/**
 * The JPEG codec fills up what is missing with grey and only remarks on it. Of these remarks, the one on bytes between the
 * last pixel and the end of the image is harmless: some writers pad there.
 */
const DAMAGE = /Corrupt JPEG data: (?!\d+ extraneous bytes before marker 0xd9)|Premature end/;

function checkRemarks(): void {
  const damage = remarks.find((remark) => DAMAGE.test(remark));
  if (damage !== undefined) throw new Error(damage);
  // It remarks on every marker, so silence means that somebody else has taken over the package's logger.
  if (remarks.length === 0) throw new Error('it does not tell whether the image is whole');
}
