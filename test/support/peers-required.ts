/** Peers that a test cannot do without: where one is missing the test is skipped, unless all are required. */
import { spawnSync } from 'node:child_process';

/**
 * For the `skip` of a suite: why it cannot run here, or false.
 * @param debianPackage what `apt-get install` gets the programs with
 * @param version what they answer `--version` with, where others have programs of the same names
 * @throws {Error} instead of a reason if NETDICOM_REQUIRE_PEERS is set.
 */
export function skipWithout(programs: readonly string[], debianPackage: string, version = /^/): string | false {
  const missing = programs.filter((program) => {
    const { error, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    // Not every one knows `--version`, or ends with 0 when it does.
    return error !== undefined || !version.test(stdout);
  });
  if (missing.length === 0) return false;
  const reason = `${missing.join(', ')} not there (apt-get install ${debianPackage})`;
  if (process.env.NETDICOM_REQUIRE_PEERS) throw new Error(`NETDICOM_REQUIRE_PEERS is set, but ${reason}`);
  return `skipped: ${reason}`;
}
