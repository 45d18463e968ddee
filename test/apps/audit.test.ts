/** What is known against the packages that are installed with this one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import { npm } from '../support/package-registry.js';

/** It is about the world as it is today, and asks it: who only tries the project does not wait for that. */
const skip = process.env.NETDICOM_REQUIRE_PEERS === undefined && 'NETDICOM_REQUIRE_PEERS is not set';

test('npm audit finds nothing in what the applications load, optional packages included', { skip }, async (context) => {
  await using folder = await temporaryFolder();
  const { stdout, stderr } = await npm(['audit', '--omit=dev', '--json', '--fetch-retries=0'], folder.path);
  const report = JSON.parse(stdout === '' ? '{}' : stdout);
  if (report.vulnerabilities === undefined) {
    context.skip(`the registry offers no audit: ${report.message ?? stderr.split('\n', 1)[0]}`);
    return;
  }
  assert.deepEqual(Object.keys(report.vulnerabilities), []);
});
