/** What our storescp tells of DCMTK's storescu, which releases its associations or aborts them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';
import { TemporaryFolder } from '../support/peers-files.js';
import { startStorescp } from '../support/processes.js';
import { CT_IMAGE, sampleImage, samplePart10 } from '../support/sample-instance.js';

const skip = skipWithoutDcmtk();

describe("the events of DCMTK's storescu", { skip }, () => {
  for (const [option, outcome, reason] of [
    ['+sd', 'released', undefined],
    ['--abort', 'aborted', 'by the peer, service user: no reason given (0/0)'],
  ] as const)
    it(`with ${option}`, async () => {
      using folder = new TemporaryFolder();
      using sent = new TemporaryFolder();
      const uids = ['1.2.1', '1.2.2', '1.2.3'];
      for (const uid of uids)
        writeFileSync(join(sent.path, uid), samplePart10(sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: uid })));
      const { storescp, port } = await startStorescp(['--events', '-', '-od', folder.path]);
      try {
        const ended = await dcmtk('storescu', [option, '+sd', '127.0.0.1', `${port}`, sent.path]);
        assert.equal(ended.code, 0, ended.stderr);
        await storescp.output('stdout', /"association-ended"/);
        const { stdout } = await storescp.stop('SIGTERM');
        const lines = stdout
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => JSON.parse(line));
        const stored = lines.filter(({ event }) => event === 'stored');
        assert.deepEqual(stored.map(({ sopInstanceUid }) => sopInstanceUid).sort(), uids);
        for (const { path, bytes, callingAet } of stored)
          assert.deepEqual([bytes, callingAet], [readFileSync(path).length, 'STORESCU']);
        const association = lines.find(({ event }) => event === 'association-ended');
        assert.deepEqual(
          [association.outcome, association.reason, association.stored, association.failed],
          [outcome, reason, 3, 0],
        );
        const { studyInstanceUid, instances, callingAets } = lines.at(-1);
        assert.deepEqual([studyInstanceUid, instances, callingAets], ['2.25.1', 3, ['STORESCU']]);
      } finally {
        await storescp[Symbol.asyncDispose]();
      }
    });
});
