/** Transfers with all combinations of two sides' options, and the table of what is stored then. */
import { test } from 'node:test';
import { assertStored, TemporaryFolder, writeSamples } from './peers-files.js';
import type { Receiver } from './peers-receiver.js';
import type { Ended } from './processes.js';

export interface Matrix {
  /**
   * Options of the sender down, of the receiver across, `default` for none. A cell has a letter per sample: the syntax it is
   * stored in, `-` if it is not.
   */
  readonly table: string;
  /** The syntaxes of the samples (see `SYNTAXES`), in the order of the cells. */
  readonly samples: string;
  /** Starts the receiver of a column. */
  readonly receive: (options: readonly string[]) => Promise<Receiver>;
  /** Sends all files of `folder`; what is given are the options of a row and the host and port. */
  readonly send: (given: readonly string[], folder: string) => Promise<Ended>;
  /** Checks how the sender ended. */
  readonly check: (ended: Ended, cell: string) => void;
  /** Whether data sets whose syntax does not change must not change in any byte. */
  readonly bytesKept: boolean;
}

/** One test for each column, with a test for each of its cells in it. */
export function testMatrix(matrix: Matrix): void {
  for (const { head, cells } of columnsOf(matrix.table))
    test(`receiving with ${head}`, async (context) => {
      using folder = new TemporaryFolder();
      const sent = writeSamples(folder.path, matrix.samples);
      await using receiver = await matrix.receive(options(head));
      for (const { row, value } of cells)
        await context.test(`sending with ${row} leaves ${value}`, async () => {
          const ended = await matrix.send([...options(row), ...receiver.address], folder.path);
          assertStored(sent, receiver.take(), { expected: value, bytesKept: matrix.bytesKept });
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
