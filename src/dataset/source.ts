/** Where the bytes of a data set come from when it is sent: the interface, and the sources that need no file. */

/** What one `readInto` has done. */
export interface Filled {
  readonly bytes: number;
  /** Nothing comes after these bytes, which may be 0 for an empty data set. */
  readonly isLast: boolean;
}

/**
 * Pulled by the message writer. Not to be called again before the last promise has settled.
 * Whoever was handed a source closes it, sent or not.
 */
export interface DataSetSource {
  /** True for one whose bytes are there: its `readInto` gives no promise, and nothing waits for it. */
  readonly isAtHand?: boolean;
  /**
   * Fills `bodies` in order, each whole before the next, all of them unless the data set ends here.
   */
  readInto(bodies: readonly Buffer[]): Filled | Promise<Filled>;
  /** Lets go of what it reads from. No `readInto` comes after it. */
  close(): void | Promise<void>;
}

/** A data set that is in memory already. The bytes are read when sent, so leave them alone until then. */
export function bufferSource(bytes: Buffer): DataSetSource {
  let offset = 0;
  return {
    isAtHand: true,
    readInto(bodies) {
      const from = offset;
      for (const body of bodies) offset += bytes.copy(body, 0, offset);
      return { bytes: offset - from, isLast: offset === bytes.length };
    },
    close: () => undefined,
  };
}

/** A data set that comes in chunks of any size: converted, inflated, or from a stream of the caller's. */
export function chunkSource(chunks: AsyncIterable<Buffer>): DataSetSource {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: Buffer | undefined;
  let ended = false;

  /** Moves to the next chunk that has bytes, so that the end is known with the last byte and not one read later. */
  async function advance(): Promise<void> {
    do {
      const result = await iterator.next();
      ended = result.done === true;
      chunk = result.done === true ? undefined : result.value;
    } while (chunk !== undefined && chunk.length === 0);
  }

  return {
    async readInto(bodies) {
      if (chunk === undefined && !ended) await advance();
      let bytes = 0;
      for (const body of bodies) {
        let filled = 0;
        while (filled < body.length && chunk !== undefined) {
          const copied: number = chunk.copy(body, filled);
          filled += copied;
          if (copied < chunk.length) chunk = chunk.subarray(copied);
          else await advance();
        }
        bytes += filled;
      }
      return { bytes, isLast: ended };
    },
    async close() {
      ended = true;
      chunk = undefined;
      await iterator.return?.();
    },
  };
}
