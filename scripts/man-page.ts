/** The manual page of an application in man(7), made from its table and the prose beside it. */
import { describedVariables } from '../src/cli/environment.js';
import { helpOf } from '../src/cli/help-text.js';
import type { Application, OptionRow } from '../src/cli/option-table.js';
import { VERSION } from '../src/index.js';
import { CONFIG_FILE, PROSE, type Prose, WRITING_OPTIONS } from './manual-prose.js';

/** Of the source's lines; how wide the page is depends on the terminal. */
const WIDTH = 78;
const NO_PROSE: Prose = { description: [], config: '{}', files: [], examples: [] };

/**
 * The source of the page.
 * @param date of the page: `2026-11-27`
 */
export function manPage(application: Application, date: string): string {
  const { name, summary, positionals, groups, exitCodes } = application;
  const { description, config, files, examples } = PROSE[name] ?? NO_PROSE;
  const names = positionals.map((row) => `${italic(row.name)}${row.many ? '...' : ''}`);
  const sections: readonly (readonly string[])[] = [
    section('NAME', `${name} \\- ${escaped(summary)}`),
    section('SYNOPSIS', bold(name), ['[\\fIoptions\\fR]', ...names].join(' ')),
    section('DESCRIPTION', ...paragraphs([application.description, ...description])),
    section('ARGUMENTS', ...positionals.flatMap((row) => entry(italic(row.name), row.help))),
    section(
      'OPTIONS',
      ...paragraphs(WRITING_OPTIONS),
      ...groups.flatMap(({ title, options }) => [`.SS ${escaped(title)}`, ...options.flatMap(option)]),
    ),
    section('CONFIG FILE', ...paragraphs(CONFIG_FILE), ...typed(config)),
    section(
      'ENVIRONMENT',
      ...filled(
        'Variables stand for the options that they are named after, if the command line leaves those out. One that is empty counts as not set.',
      ),
      ...describedVariables(application).flatMap(([variable, what]) => entry(bold(variable), what)),
    ),
    section('EXIT STATUS', ...Object.entries(exitCodes).flatMap(([code, text]) => entry(bold(code), text))),
    section('FILES', ...files.flatMap(([path, text]) => entry(italic(path), text))),
    section('EXAMPLES', ...examples.flatMap(example)),
    section('SEE ALSO', ...seeAlso(name)),
  ];
  const head = [
    `.\\" Made from the table of options of ${name}, as --help is.`,
    `.TH ${name.toUpperCase()} 1 ${date} "netdicom ${VERSION}" "DICOM storage"`,
    // Neither hyphens nor wide gaps in what is mostly names.
    '.nh',
    '.ad l',
  ];
  return `${[...head, ...sections.flat()].join('\n')}\n`;
}

/** Nothing without content. */
function section(title: string, ...content: readonly string[]): readonly string[] {
  return content.length === 0 ? [] : [`.SH "${title}"`, ...content];
}

function paragraphs(texts: readonly string[]): readonly string[] {
  return texts.flatMap((text, index) => [...(index === 0 ? [] : ['.PP']), ...filled(text)]);
}

function option(row: OptionRow): readonly string[] {
  const names = [row.short, row.long].filter((name) => name !== undefined).map(bold);
  return entry(`${names.join(', ')}${'value' in row ? ` ${italic(row.value)}` : ''}`, helpOf(row));
}

/** `tag` is marked up already. */
function entry(tag: string, text: string): readonly string[] {
  return ['.TP', tag, ...filled(text)];
}

function example([text, command]: Prose['examples'][number], index: number): readonly string[] {
  return [...(index === 0 ? [] : ['.PP']), ...filled(text), ...typed(command)];
}

/** Lines as they are typed. */
function typed(text: string): readonly string[] {
  return ['.PP', '.RS', '.nf', ...text.split('\n').map(bold), '.fi', '.RE'];
}

function seeAlso(name: string): readonly string[] {
  const other = name === 'storescu' ? 'storescp' : 'storescu';
  return [
    `.BR ${other} (1)`,
    '.PP',
    ...filled('The README of netdicom; DICOM PS3.4 Annex B (Storage), PS3.7 (messages), PS3.8 (associations).'),
  ];
}

/** Text as lines of source, none of which can be taken for a request. */
function filled(text: string): readonly string[] {
  const lines: string[] = [];
  for (const word of marked(text).split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length >= WIDTH) lines.push(/^[.']/.test(word) ? `\\&${word}` : word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

/** Escaped, with what is in backquotes in bold. */
function marked(text: string): string {
  return text
    .split('`')
    .map((part, index) => (index % 2 === 0 ? escaped(part) : bold(part)))
    .join('');
}

function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

function italic(text: string): string {
  return `\\fI${escaped(text)}\\fR`;
}

/** `-` and `'` would come out as typographic ones, which cannot be typed. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq').replaceAll('~', '\\(ti');
}
