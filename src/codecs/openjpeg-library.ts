/** The one place that knows the package for JPEG 2000 in colour of more than 8 bits, which is loaded when first needed. */
import { type CodestreamDecoder, codecError, loadError } from './optional-package.js';

const PACKAGE = '@cornerstonejs/codec-openjpeg';
/** How the codec begins a line that tells why it gave up, and one that only repeats that it did. */
const REASON = '[ERROR] ';
const REPEATED = `${REASON}opj_decompress`;

let loaded: Promise<CodestreamDecoder> | undefined;

/**
 * A decoder for JPEG 2000, high throughput too. Grey of 8 bits with a sign is what it gets wrong.
 * @param purpose what cannot be done without, for the message.
 * @throws {DataSetError} if the package is not installed or does not work here.
 */
export async function loadOpenJpeg(purpose: string): Promise<CodestreamDecoder> {
  loaded ??= load();
  try {
    return await loaded;
  } catch (error) {
    loaded = undefined;
    throw loadError(PACKAGE, purpose, error);
  }
}

async function load(): Promise<CodestreamDecoder> {
  const { default: loadPackage } = await import('@cornerstonejs/codec-openjpeg/decodewasmjs');
  const lines: string[] = [];
  const print = (line: string): void => {
    lines.push(line);
  };
  const { J2KDecoder } = await loadPackage({ print, printErr: print });
  return (codestream) => {
    lines.length = 0;
    try {
      const decoder = new J2KDecoder();
      decoder.getEncodedBuffer(codestream.length).set(codestream);
      decoder.decode();
      const samples = decoder.getDecodedBuffer();
      decoder.delete();
      const failure = lines.find((line) => line.startsWith(REASON) && !line.startsWith(REPEATED));
      if (samples.length === 0) throw new Error(failure?.slice(REASON.length) ?? 'it gives no pixels');
      return Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    } catch (error) {
      // What a codec that has thrown has left behind is unknown: the next image gets a new one.
      loaded = undefined;
      throw codecError(error);
    }
  };
}
