/** What the programs on this machine can do: an option that is not there yet makes a bar unmeasured, not a failure. */
import { execFileSync } from 'node:child_process';
import { hasDcmjsDimse, ourCommand } from './participants.js';

type Application = 'storescu' | 'storescp';

const help = { storescu: helpOf('storescu'), storescp: helpOf('storescp') };

/** Why our application cannot be run with an option; undefined if it can. */
export function lacks(name: Application, option: string): string | undefined {
  return help[name].includes(option) ? undefined : `${name} has no ${option}`;
}

export const lacksDcmjsDimse = hasDcmjsDimse() ? undefined : 'dcmjs-dimse is not installed: npm ci --prefix bench';

function helpOf(name: Application): string {
  const { program, args } = ourCommand(name, ['--help']);
  return execFileSync(program, args, { encoding: 'utf8' });
}
