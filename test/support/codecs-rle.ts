/** PS3.5 Annex G the other way round: an encoder for tests, which shares nothing with the decoder. */

/** A frame of samples of `sampleBytes` each, given pixel by pixel in little endian. */
export function encodeRle(frame: Buffer, samples: number, sampleBytes: number): Buffer {
  const segments: Buffer[] = [];
  for (let sample = 0; sample < samples; sample++)
    for (let byte = sampleBytes - 1; byte >= 0; byte--)
      segments.push(packed(every(frame, sample * sampleBytes + byte, samples * sampleBytes)));
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let start = header.length;
  for (const [index, segment] of segments.entries()) {
    header.writeUInt32LE(start, 4 + index * 4);
    start += segment.length;
  }
  return Buffer.concat([header, ...segments]);
}

function every(bytes: Buffer, first: number, stride: number): Buffer {
  return Buffer.from(Array.from({ length: bytes.length / stride }, (_, index) => bytes[first + index * stride] ?? 0));
}

/** Runs of at least three as runs, all else as literals; padded to even length (PS3.5 G.3.1). */
function packed(plane: Buffer): Buffer {
  const output: number[] = [];
  let literal: number[] = [];
  const flush = (): void => {
    if (literal.length > 0) output.push(literal.length - 1, ...literal);
    literal = [];
  };
  for (let at = 0; at < plane.length; ) {
    const value = plane[at] ?? 0;
    let length = 1;
    while (length < 128 && plane[at + length] === value) length++;
    if (length > 2) {
      flush();
      output.push(257 - length, value);
    } else {
      for (let copy = 0; copy < length; copy++) {
        literal.push(value);
        if (literal.length === 128) flush();
      }
    }
    at += length;
  }
  flush();
  if (output.length % 2 === 1) output.push(0);
  return Buffer.from(output);
}
