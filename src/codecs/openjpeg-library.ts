/** The one place that knows the package for JPEG 2000 in colour of more than 8 bits, which is loaded when first needed. */
import { type CodestreamDecoder, codecError, OptionalPackage } from './optional-package.js';

/** How the codec begins a line that tells why it gave up, and one that only repeats that it did. */
const REASON = '[ERROR] ';
const REPEATED = `${REASON}opj_decompress`;

const openJpeg = new OptionalPackage('@cornerstonejs/codec-openjpeg', load);

/** A decoder for JPEG 2000, high throughput too. Grey of 8 bits with a sign is what it gets wrong. See `OptionalPackage.get`. */
export function loadOpenJpeg(purpose: string): Promise<CodestreamDecoder> {
  return openJpeg.get(purpose);
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
      openJpeg.forget();
      throw codecError(error);
    }
  };
}
