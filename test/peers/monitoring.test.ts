/** What storescp counts of DCMTK's senders: its metrics, its log as JSON and its summary agree with what was sent. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { jsonLines } from '../support/apps-json-log.js';
import { metricsWith, monitorOf, sampleOf } from '../support/apps-monitor.js';
import { listeningStorescp } from '../support/apps-run.js';
import { dcmtk, skipWithoutDcmtk } from '../support/peers-dcmtk.js';

describe("storescp counts what DCMTK's programs do", { skip: skipWithoutDcmtk() }, () => {
  test('storescu, echoscu that releases, and echoscu that aborts', async () => {
    await using folder = await sampleFolder();
    await using output = await temporaryFolder();
    const args = ['-od', output.path, '--metrics-port', '0', '--summary', '-v', '--log-format', 'json'];
    await using storescp = await listeningStorescp(args);
    const url = await monitorOf(storescp);
    const address = ['127.0.0.1', `${storescp.port}`];
    const files = ['ct.dcm', 'mr.dcm'].map((name) => join(folder.path, name));
    assert.equal((await dcmtk('storescu', [...address, ...files])).code, 0);
    assert.equal((await dcmtk('echoscu', ['--repeat', '3', ...address])).code, 0);
    assert.equal((await dcmtk('echoscu', ['--abort', ...address])).code, 0);
    const metrics = await metricsWith(url, 'netdicom_associations_total{outcome="aborted_by_peer"}', 1);
    for (const [sample, value] of [
      ['netdicom_associations_total{outcome="released"}', 2],
      ['netdicom_echoes_total', 4],
      ['netdicom_instances_total{sop_class="CT Image Storage",status="0000"}', 1],
      ['netdicom_instances_total{sop_class="MR Image Storage",status="0000"}', 1],
      ['netdicom_store_duration_seconds_count', 2],
      ['netdicom_association_duration_seconds_count', 3],
    ] as const)
      assert.equal(sampleOf(metrics, sample), value, sample);
    const lines = jsonLines((await storescp.process.stop('SIGTERM')).stderr);
    const answers = lines.filter(({ event, command }) => event === 'answered' && command === 'C-STORE-RQ');
    const bytes = answers.reduce((sum, line) => sum + Number(line.bytes), 0);
    const counted = ['CT', 'MR'].map((name) =>
      sampleOf(metrics, `netdicom_received_bytes_total{sop_class="${name} Image Storage",status="0000"}`),
    );
    assert.equal(bytes, Number(counted[0]) + Number(counted[1]));
    const summary = lines.find(({ event }) => event === 'summary');
    assert.deepEqual([summary?.objects, summary?.failures, summary?.bytes, summary?.associations], [2, 0, bytes, 3]);
    assert.equal((await readdir(output.path)).length, 2);
  });
});
