/** What real shells offer for command lines with the cursor at their ends, once they have read a completion script. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shell } from '../../src/cli/option-table.js';

export interface ShellFolders {
  /** With the scripts, `storescu.bash` and so on. */
  readonly scripts: string;
  /** Where the command lines are typed. */
  readonly current: string;
}

/** The words that `shell` offers for each of `lines`, each word once, folders without the slash behind them. */
export function offeredBy(
  shell: Shell,
  lines: readonly string[],
  folders: ShellFolders,
): readonly (readonly string[])[] {
  return SHELLS[shell](lines, folders).map((words) => {
    const offered = words.filter((word) => word !== '').map((word) => word.replace(/\/$/, ''));
    return [...new Set(offered)];
  });
}

const SHELLS: Readonly<Record<Shell, (lines: readonly string[], folders: ShellFolders) => readonly string[][]>> = {
  bash: (lines, { scripts, current }) =>
    lines.map((line) => {
      // As readline splits a line: at '=' as well.
      const words = line.split(/ |(?<==)|(?==)/);
      const code = `source "$0/${words[0]}.bash"; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _${words[0]}; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return run('bash', ['--norc', '-c', code, scripts, ...words], current).split('\n');
    }),

  // Only a line that is being edited can be completed: in a terminal of its own, where compadd tells what it is given.
  zsh(lines, { scripts, current }) {
    const home = join(scripts, 'zsh');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, '.zshrc'), ZSHRC);
    const seen = run('zsh', ['-f', '-c', ZSH_DRIVER, home, ...lines], current)
      .split('<END>')
      .slice(0, lines.length);
    return seen.map((text) => [...text.matchAll(/<([^<>]*)>/g)].map(([, word = '']) => word.replaceAll('\\', '')));
  },

  fish: (lines, { scripts, current }) =>
    lines.map((line) => {
      const code = 'source "$argv[1]"; complete -C "$argv[2]"';
      const script = join(scripts, `${line.split(' ')[0]}.fish`);
      const offered = run('fish', ['--no-config', '-c', code, script, line], current).split('\n');
      return offered.map((entry) => entry.replace(/\t.*$/, '').replace(/^.*=(?=.)/, ''));
    }),
};

const ZSHRC = `
PROMPT= RPROMPT=
autoload -U compinit && compinit -u -D
for script in $ZDOTDIR/../*.zsh; do source $script; done
bindkey '^I' complete-word
# A list might ask whether it is to be shown, and take the next line for the answer.
unsetopt autolist automenu
compadd() {
  if [[ \${@[1,(i)(-|--)]} != *-(O|A|D)\\ * ]]; then
    local -a hits
    builtin compadd -A hits "$@"
    for hit in $hits; do print -rn -- "<$hit>"; done
  fi
  builtin compadd "$@"
}
# The list is emptied before it is run.
finish() { comppostfuncs=(finish); print -rn '<END>' }
comppostfuncs=(finish)
print READY
`;

/** Control-U empties the line. */
const ZSH_DRIVER = `
zmodload zsh/zpty
zpty terminal "ZDOTDIR=\${(q)0} zsh -i"
zpty -r terminal seen '*READY*'
for line in "$@"; do
  zpty -w -n terminal $'\\C-u'"$line"$'\\t'
  zpty -r terminal seen '*<END>*'
  print -r -- "$seen"
done
`;

function run(program: string, args: readonly string[], cwd: string): string {
  const options = { cwd, encoding: 'utf8', timeout: 60_000, env: { ...process.env, TERM: 'dumb' } } as const;
  const { stdout, stderr, status, error } = spawnSync(program, args, options);
  if (error !== undefined || status !== 0)
    throw new Error(`${program} ended with ${status}: ${stderr}`, { cause: error });
  return stdout;
}
