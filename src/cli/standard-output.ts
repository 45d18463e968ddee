/** Results on standard output: whoever has asked for one is told if it is lost there. */
import { writeFully } from './log.js';
import { fileMessageOf } from './printable.js';
import { systemCodeOf } from './system-code.js';

/** @throws {Error} one line: it cannot be written, but not because the reader has gone */
export function writeResult(text: string): void {
  try {
    writeFully(1, text);
  } catch (error) {
    orIfReaderHasGone(error);
  }
}

/** Who closes the pipe has read enough; all else is a loss. */
export function orIfReaderHasGone(error: unknown): void {
  if (['EPIPE', 'ECONNRESET', 'EBADF'].includes(systemCodeOf(error))) return;
  throw new Error(`cannot write to standard output: ${fileMessageOf(error)}`, { cause: error });
}
