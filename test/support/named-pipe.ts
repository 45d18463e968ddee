/** Named pipes, which Node has no call to make. */
import { execFileSync } from 'node:child_process';
import { skipWithout } from './peers-required.js';

/** For the `skip` of a test that needs one. */
export const noNamedPipes = skipWithout(['mkfifo'], 'coreutils');

export function makeNamedPipe(path: string): void {
  execFileSync('mkfifo', [path]);
}
