/** The text of `--help`, made from an application's table. */
import { describedVariables } from './environment.js';
import type { Application, OptionRow, PositionalRow } from './option-table.js';

const WIDTH = 80;

/** Usage, arguments, options in the groups of the table with their defaults, exit codes; no line over 80 columns. */
export function helpText(application: Application): string {
  const { name, summary, description, positionals, groups, exitCodes } = application;
  const names = positionals.map((row) => (row.many ? `${row.name}...` : row.name));
  const variables = describedVariables(application);
  const width = Math.max(...variables.map(([variable]) => variable.length));
  const sections = [
    [`${name} - ${summary}`],
    [`usage: ${[name, '[options]', ...names].join(' ')}`],
    wrap(description, ''),
    ['Arguments', ...positionals.flatMap(positionalLines)],
    ...groups.map(({ title, options }) => [title, ...options.flatMap(optionLines)]),
    [
      'Environment',
      ...wrap('Variables for options that the command line leaves out; they outdo the file of --config.', '  '),
      ...variables.flatMap(([variable, what]) => wrap(what, `  ${variable.padEnd(width)}  `)),
    ],
    ['Exit codes', ...Object.entries(exitCodes).flatMap(([code, meaning]) => wrap(meaning, `  ${code.padEnd(9)}`))],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function positionalLines(row: PositionalRow): string[] {
  return wrap(row.help, `  ${row.name.padEnd(9)}`);
}

function optionLines(row: OptionRow): string[] {
  const value = 'value' in row ? ` ${row.value}` : '';
  return [`  ${(row.short ?? '').padEnd(4)}  ${row.long}${value}`, ...wrap(helpOf(row), ' '.repeat(10))];
}

/** The row's help with its default. */
export function helpOf(row: OptionRow): string {
  if ('many' in row) return `${row.help}; may be given several times`;
  if (!('default' in row) || row.default === undefined) return row.help;
  return row.default === true ? `${row.help} (default)` : `${row.help} (default: ${row.default})`;
}

/** Breaks `text` at spaces: `first` begins the first line, as many blanks the others. */
function wrap(text: string, first: string): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    const joined = line === first ? line + word : `${line} ${word}`;
    if (joined.length <= WIDTH) {
      line = joined;
    } else {
      lines.push(line);
      line = ' '.repeat(first.length) + word;
    }
  }
  return [...lines, line];
}
