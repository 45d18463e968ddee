/** A command with placeholders: split into arguments once, filled in for each run, never seen by a shell. */

/** A piece of an argument: text as it stands, or the name of a value. */
type Piece = { readonly text: string } | { readonly name: string };
type Word = readonly Piece[];

export interface CommandTemplate {
  readonly program: string;
  readonly words: readonly Word[];
}

/**
 * Splits a command: words between spaces, grouped by `'...'`, `"..."` and `\` as shells do it, and in them placeholders
 * such as `{path}`, quoted or not; `{{` and `}}` are braces. Throws an Error whose message says what is wrong.
 */
export function parseCommand(text: string): CommandTemplate {
  const [first, ...words] = splitWords(text).map(parseWord);
  if (first === undefined) throw new RangeError('is empty');
  const [piece, more] = first;
  // Whatever a peer sends, it does not choose the program.
  if (piece === undefined || more !== undefined || 'name' in piece)
    throw new RangeError('the program, which is the first word, takes no placeholder');
  return { program: piece.text, words };
}

/** `parseCommand` for commands with no other placeholders than these. */
export function commandParser(names: readonly string[]): (text: string) => CommandTemplate {
  return (text) => {
    const command = parseCommand(text);
    for (const name of placeholdersOf(command))
      if (!names.includes(name))
        throw new RangeError(`{${name}} is not a placeholder ({{ and }} are braces): there are ${listed(names)}`);
    return command;
  };
}

/** The names in it, each once, without the braces. */
export function placeholdersOf({ words }: CommandTemplate): readonly string[] {
  return [...new Set(words.flat().flatMap((piece) => ('name' in piece ? piece.name : [])))];
}

/**
 * The arguments of one run. A value is never more than a part of its argument, whatever is in it.
 * @param textFor the text for the name of a placeholder
 */
export function filledIn({ words }: CommandTemplate, textFor: (name: string) => string): readonly string[] {
  // The system takes no NUL in an argument.
  const value = (name: string) => textFor(name).replaceAll('\0', '\ufffd');
  return words.map((word) => word.map((piece) => ('name' in piece ? value(piece.name) : piece.text)).join(''));
}

const WORD_PARTS =
  /'(?<single>[^']*)'|"(?<double>(?:[^"\\]|\\.)*)"|\\(?<escaped>.)|(?<space>\s+)|(?<plain>[^'"\\\s]+)/gsy;

function splitWords(text: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let end = 0;
  for (const { groups = {}, index, 0: part } of text.matchAll(WORD_PARTS)) {
    end = index + part.length;
    const { single, double, escaped, plain } = groups;
    const more = single ?? double?.replace(/\\(["\\])/g, '$1') ?? escaped ?? plain;
    if (more !== undefined) word = (word ?? '') + more;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (end < text.length)
    throw new RangeError(text[end] === '\\' ? 'ends with a backslash' : `the quotation mark ${text[end]} has no end`);
  return word === undefined ? words : [...words, word];
}

function parseWord(word: string): Word {
  const pieces: Piece[] = [];
  let text = '';
  for (const [part, name] of word.matchAll(/\{\{|\}\}|\{([^{}]*)\}|[\s\S]/g)) {
    if (name !== undefined) {
      if (text !== '') pieces.push({ text });
      pieces.push({ name });
      text = '';
    } else if (part === '{' || part === '}')
      throw new RangeError(`a ${part} stands alone (${part}${part} for the character itself)`);
    else text += part.length > 1 ? part.charAt(0) : part;
  }
  return text !== '' || pieces.length === 0 ? [...pieces, { text }] : pieces;
}

/** `{path} {file}`. */
export function listed(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(' ');
}
