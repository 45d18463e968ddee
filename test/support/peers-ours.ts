/** Our two applications as ends of a matrix of transfers. */
import assert from 'node:assert/strict';
import { withoutSummary } from './apps-run.js';
import type { Matrix } from './peers-matrix.js';
import { Receiver } from './peers-receiver.js';
import { type Ended, startStorescp, storescu } from './processes.js';

/** Our storescu sends one file of each kind. Its own syntax kept, a data set goes out as it stands in the file. */
export const fromStorescu: Pick<Matrix, 'samples' | 'send' | 'check' | 'bytesKept'> = {
  samples: 'iebdj',
  send: (given, folder) => storescu(['--no-decompress', ...given, folder]),
  check: checkStorescu,
  bytesKept: true,
};

/** A file that could not be sent has its line, and the exit code says that there was one. */
function checkStorescu({ code, stdout, stderr }: Ended, cell: string): void {
  const lines = withoutSummary({ code, stderr })
    .split('\n')
    .filter((line) => line !== '');
  const notSent = [...cell].filter((letter) => letter === '-').length;
  assert.equal(stdout, '');
  if (notSent === cell.length) {
    assert.deepEqual(lines, ['E: No Acceptable Presentation Contexts']);
    assert.equal(code, 1);
    return;
  }
  assert.equal(lines.length, notSent, stderr);
  for (const line of lines)
    assert.match(
      line,
      /^E: No accepted presentation context for \S+\.dcm \(CT Image Storage, JPEG Baseline \(Process 1\)\)$/,
    );
  assert.equal(code, notSent === 0 ? 0 : 3);
}

/** Our storescp. */
export function ourStorescp(options: readonly string[] = []): Promise<Receiver> {
  return Receiver.start(async (folder) => {
    const { storescp, port } = await startStorescp([...options, '-od', folder]);
    return { server: storescp, port };
  });
}
