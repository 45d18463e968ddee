/** Transfers with all combinations of two sides' options, and the table of what is stored then. */
import { test } from 'node:test';
import { assertStored, TemporaryFolder, takeFiles, writeSamples } from './peers-files.js';
import type { Ended, Running } from './processes.js';

export interface Matrix {
  /**
   * Options of the sender down, of the receiver across, `default` for none. A cell has a letter per sample: the syntax it is
   * stored in, `-` if it is not.
   */
  readonly table: string;
  /** The syntaxes of the samples (see `SYNTAXES`), in the order of the cells. */
  readonly samples: string;
  /** Starts the receiver of a column. */
  readonly receive: (
    options: readonly string[],
    folder: string,
  ) => Promise<{ readonly server: Running; readonly port: number }>;
  /** Sends all files of `folder`. */
  readonly send: (options: readonly string[], port: number, folder: string) => Promise<Ended>;
  /** Checks how the sender ended. */
  readonly check: (ended: Ended, cell: string) => void;
  /** Whether data sets whose syntax does not change must not change in any byte. */
  readonly bytesKept: boolean;
}

/** One test for each column, with a test for each of its cells in it. */
export function testMatrix(matrix: Matrix): void {
  for (const { head, cells } of columnsOf(matrix.table))
    test(`receiving with ${head}`, async (context) => {
      using temporary = new TemporaryFolder();
      const sentTo = temporary.subfolder('sent');
      const storedIn = temporary.subfolder('stored');
      const sent = writeSamples(sentTo, matrix.samples);
      const { server, port } = await matrix.receive(options(head), storedIn);
      await using _stopped = server;
      for (const { row, value } of cells)
        await context.test(`sending with ${row} leaves ${value}`, async () => {
          const ended = await matrix.send(options(row), port, sentTo);
          const stored = takeFiles(storedIn);
          assertStored(sent, stored, { expected: value, bytesKept: matrix.bytesKept });
          matrix.check(ended, value);
        });
    });
}

interface Column {
  readonly head: string;
  readonly cells: readonly { readonly row: string; readonly value: string }[];
}

function columnsOf(table: string): readonly Column[] {
  const lines = table.trim().split('\n');
  const [[, ...heads] = [], ...rows] = lines.map((line) => {
    const cells = line.split('|').slice(1, -1);
    return cells.map((cell) => cell.trim());
  });
  return heads.map((head, index) => ({
    head,
    cells: rows.map(([row = '', ...values]) => ({ row, value: values[index] ?? '' })),
  }));
}

function options(head: string): readonly string[] {
  return head === 'default' ? [] : head.split(/\s+/);
}
