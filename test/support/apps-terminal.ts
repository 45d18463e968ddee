/** The built applications at a terminal of their own, which `script` (util-linux) makes. */
import { applicationPath } from './paths.js';
import { Running, type RunOptions } from './processes.js';

/**
 * Starts storescu with all three standard streams at a terminal of 100 columns: what it shows there comes as standard output,
 * after a line with its process id.
 */
export function storescuAtTerminal(args: readonly string[], options: RunOptions = {}): Running {
  const command = [process.execPath, applicationPath('storescu'), ...args].map(quotedForShell).join(' ');
  const env = { TERM: 'xterm', ...options.env };
  const inTerminal = `stty cols 100 rows 24; echo $$; exec ${command}`;
  return new Running('script', ['-qefc', inTerminal, '/dev/null'], { ...options, env });
}

/** The process id of the storescu itself, once it is known. */
export async function pidAtTerminal(terminal: Running): Promise<number> {
  const [pid] = await terminal.output('stdout', /^\d+(?=\r?\n)/);
  return Number(pid);
}

/** What is to be read on the terminal in the end, after the process id: lines that were wiped are not. */
export function screenOf(output: string): string {
  const lines: string[] = [''];
  let [row, column] = [0, 0];
  const [first = '', ...others] = output.split('\x1b[');
  for (const part of [`m${first}`, ...others]) {
    const [control = ''] = /^\??[\d;]*[A-Za-z]/.exec(part) ?? [];
    if (control === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
    if (control === 'J') lines.splice(row, Infinity, (lines[row] ?? '').slice(0, column));
    for (const character of part.slice(control.length)) {
      if (character === '\r') column = 0;
      else if (character === '\n') [row, column] = [row + 1, 0];
      else {
        const line = lines[row] ?? '';
        lines[row] = line.slice(0, column) + character + line.slice(++column);
      }
    }
  }
  return lines.slice(1).join('\n').trimEnd();
}

function quotedForShell(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
