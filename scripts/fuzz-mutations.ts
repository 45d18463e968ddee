/** Random changes to inputs, for the fuzzer. */

/** Numbers at the ends of their ranges, delimiters of PS3.5, an escape and a path. */
const HOSTILE = [
  '00',
  'ff',
  '80',
  '7f',
  '01',
  '00000000',
  'ffffffff',
  'feffffff',
  'feff00e0',
  'feff0de0',
  'feffdde0',
  '1b',
  '2e2e2f',
].map((digits) => Buffer.from(digits, 'hex'));

/** One of the corpus with one to four changes. */
export function mutant(corpus: readonly Buffer[]): Buffer {
  let bytes = pick(corpus);
  for (let changes = 1 + below(4); changes > 0; changes--) bytes = changed(bytes, corpus);
  return bytes;
}

function changed(bytes: Buffer, corpus: readonly Buffer[]): Buffer {
  const at = below(bytes.length + 1);
  const length = below(Math.min(64, bytes.length - at + 1));
  const [front, back] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (below(7)) {
    case 0:
      return Buffer.concat([front, Buffer.of(below(256)), back.subarray(1)]);
    case 1:
      return Buffer.concat([front, pick(HOSTILE), back]);
    case 2: {
      const patch = pick(HOSTILE);
      return Buffer.concat([front, patch, back.subarray(patch.length)]);
    }
    case 3:
      return Buffer.concat([front, back.subarray(length)]);
    case 4:
      return Buffer.concat([front, back.subarray(0, length), back]);
    case 5: {
      const other = pick(corpus);
      return Buffer.concat([front, other.subarray(below(other.length + 1))]);
    }
    default:
      return Buffer.concat([front, Buffer.of((back[0] ?? 0) ^ (1 << below(8))), back.subarray(1)]);
  }
}

function below(limit: number): number {
  return Math.floor(Math.random() * limit);
}

function pick(from: readonly Buffer[]): Buffer {
  return from[below(from.length)] ?? Buffer.alloc(0);
}
