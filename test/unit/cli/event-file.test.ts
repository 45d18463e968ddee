import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EventFile } from '../../../src/cli/event-file.js';
import { createLog } from '../../../src/cli/log.js';
import { temporaryFolder } from '../../support/apps-files.js';
import { FullPipe } from '../../support/full-pipe.js';
import { noNamedPipes } from '../../support/named-pipe.js';

function logTo(lines: string[]) {
  const sink = () => ({ threshold: 0, write: (_: string, written: readonly string[]) => void lines.push(...written) });
  return createLog('storescp', { sink, close: async () => undefined });
}

describe('the events file', { timeout: 30_000 }, () => {
  it('waits for a reader until it may no longer, and then for none', { skip: noNamedPipes }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    const lines: string[] = [];
    const file = new EventFile(pipe.path, logTo(lines));
    const writing = file.write('1\n');
    file.limitWaiting(1);
    await writing;
    await file.write('2\n');
    file.close();
    assert.deepEqual(lines, [
      `Events cannot be written to ${pipe.path}, objects are stored without: nobody reads them`,
      `Events: 2 lines are missing in ${pipe.path}`,
    ]);
  });

  it('writes what waits to the pipe that is opened anew, a long line from the start of one', {
    skip: noNamedPipes,
  }, async () => {
    await using folder = await temporaryFolder();
    await using pipe = new FullPipe(join(folder.path, 'pipe'));
    const file = new EventFile(pipe.path, logTo([]));
    for (const line of ['short\n', `${'long'.repeat(2000)}\n`]) {
      const writing = file.write(line);
      file.reopen();
      file.reopen();
      let read = pipe.drain();
      await writing;
      read += pipe.drain();
      assert.equal(read.trimStart(), line);
      pipe.fill();
    }
    file.close();
  });
});
