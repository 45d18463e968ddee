/** `--completion`: the script that completes an application's options in a shell, all of it from the table. */
import { bashScript } from './completion-bash.js';
import { fishScript } from './completion-fish.js';
import { completionOf } from './completion-of-table.js';
import { zshScript } from './completion-zsh.js';
import type { Application, Shell } from './option-table.js';

/** The script for a shell to read; it needs nothing but the shell. */
export function completionScript(application: Application, shell: Shell): string {
  const completion = completionOf(application, shell);
  switch (shell) {
    case 'bash':
      return bashScript(completion);
    case 'zsh':
      return zshScript(completion);
    case 'fish':
      return fishScript(completion);
    default:
      shell satisfies never;
      return '';
  }
}
