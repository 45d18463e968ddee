/** Root may read, write and listen everywhere: what is forbidden is tried as the user nobody, who has the id 65534. */
import { applicationPath } from './paths.js';
import { run } from './processes.js';

const BECOME_NOBODY = 'data:text/javascript,process.setgroups([]);process.setgid(65534);process.setuid(65534)';

/** For node, before a program: it becomes nobody before it does anything. None where the tests do not run as root. */
export const asNobody: readonly string[] = process.getuid?.() === 0 ? ['--import', BECOME_NOBODY] : [];

/** Why nobody cannot run our applications here, or false. */
export async function skipWithoutNobody(): Promise<string | false> {
  const { code } = await run(process.execPath, [...asNobody, applicationPath('storescp'), '--version'], { cwd: '/' });
  return code === 0 ? false : `the user nobody cannot run ${applicationPath('storescp')}`;
}
