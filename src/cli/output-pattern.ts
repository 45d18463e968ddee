/** `--output-pattern` as it is written: parts between slashes, made of text and placeholders. What these mean comes later. */
import { shown } from './option-values.js';

/** `{name}` or `{name:modifier}`; what follows the colon may have slashes, which part the name as any others do. */
export interface Placeholder {
  readonly name: string;
  readonly modifier: string | undefined;
}

export type Piece = string | Placeholder;

/** Of the path of a file below the output directory: its folders, then its name. At least one, none of them empty. */
export interface PatternSyntax {
  readonly text: string;
  readonly parts: readonly (readonly Piece[])[];
}

/** Placeholders, braces that are meant, slashes, braces that are not, and any other text. */
const TOKENS = /\{(?<inside>[^{}]+)\}|(?<brace>\{\{|\}\})|(?<slash>\/)|(?<stray>[{}])|(?<plain>[^{}/]+)/g;
/** What some file system does not take in a name: see `safeName`. */
const UNSAFE = /[\p{Cc}\\:*?"<>|]/u;

/** @throws an Error whose message says what is wrong */
export function outputPattern(text: string): PatternSyntax {
  if (text === '') throw new RangeError('is empty');
  if (text.startsWith('/'))
    throw new RangeError(`${shown(text)} is an absolute path; it is to lead on from the output directory`);
  const parts: Piece[][] = [[]];
  for (const { groups = {} } of text.matchAll(TOKENS)) {
    const { inside, brace, slash, stray, plain } = groups;
    if (stray !== undefined)
      throw new RangeError(`${shown(text)} has a ${stray} without its counterpart; write ${stray}${stray} for a brace`);
    if (slash !== undefined) parts.push([]);
    else if (inside !== undefined) addPlaceholder(inside, parts);
    else parts.at(-1)?.push(brace?.charAt(0) ?? plain ?? '');
  }
  for (const part of parts) checkPart(text, part);
  return { text, parts };
}

/** `{StudyDate:YYYY/MM}` is `{StudyDate:YYYY}/{StudyDate:MM}`. */
function addPlaceholder(inside: string, parts: Piece[][]): void {
  const at = inside.indexOf(':');
  const name = at < 0 ? inside : inside.slice(0, at);
  if (at < 0) parts.at(-1)?.push({ name, modifier: undefined });
  for (const [index, modifier] of at < 0
    ? []
    : inside
        .slice(at + 1)
        .split('/')
        .entries()) {
    if (index > 0) parts.push([]);
    parts.at(-1)?.push({ name, modifier });
  }
}

function checkPart(pattern: string, pieces: readonly Piece[]): void {
  if (pieces.length === 0) throw new RangeError(`${shown(pattern)} has a part without a name`);
  const texts = pieces.filter((piece) => typeof piece === 'string');
  const unsafe = texts.map((text) => UNSAFE.exec(text)?.[0]).find((found) => found !== undefined);
  if (unsafe !== undefined)
    throw new RangeError(`${shown(pattern)} has a ${unsafe}, which cannot be in the name of a file everywhere`);
  const whole = pieces.map((piece) => (typeof piece === 'string' ? piece : 'x')).join('');
  // Hidden files are those that are not whole, and some file systems drop what is at the end.
  if (/^[.\s-]|[.\s]$/.test(whole))
    throw new RangeError(
      `${shown(pattern)} has a part that begins with a dot, space or hyphen, or ends with a dot or space`,
    );
}
