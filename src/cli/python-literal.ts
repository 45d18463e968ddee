/** Python literals, as `args` and `kwargs` of a logging configuration hold them: read, never evaluated. */

/** A dotted name such as `sys.stdout`, which only the reader of the value can know. */
export class PythonName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Tuples and lists are arrays, dictionaries are maps, None is null. */
export type PythonValue =
  | string
  | number
  | boolean
  | null
  | PythonName
  | readonly PythonValue[]
  | ReadonlyMap<string, PythonValue>;

const TOKEN =
  /\s*(?:(?<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)(?!['"\w])|(?<number>0[xX][\da-fA-F]+|0[oO][0-7]+|\d+)(?![\w.])|(?<raw>[rR])?[uU]?(?<text>'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")|(?<mark>[-()[\]{},:*]))/y;

interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'mark' | 'end';
  readonly text: string;
}

/** @throws {SyntaxError} on anything but strings, whole numbers (and their products), names, tuples, lists and dictionaries. */
export function parsePythonLiteral(text: string): PythonValue {
  const tokens = new Tokens(text);
  const value = parseValue(tokens);
  if (tokens.next.kind !== 'end') throw unexpected(tokens.next);
  return value;
}

class Tokens {
  readonly #text: string;
  #offset = 0;
  /** The token that `take` will return. */
  next: Token;

  constructor(text: string) {
    this.#text = text.trimEnd();
    this.next = this.#read();
  }

  take(): Token {
    const token = this.next;
    this.next = this.#read();
    return token;
  }

  /** Whether the next token is this mark; if so, it is taken. */
  takeMark(mark: string): boolean {
    const isNext = this.isMark(mark);
    if (isNext) this.take();
    return isNext;
  }

  isMark(mark: string): boolean {
    return this.next.kind === 'mark' && this.next.text === mark;
  }

  #read(): Token {
    if (this.#offset === this.#text.length) return { kind: 'end', text: 'the end of the value' };
    TOKEN.lastIndex = this.#offset;
    const groups = TOKEN.exec(this.#text)?.groups;
    if (groups === undefined) throw new SyntaxError(`cannot read '${this.#text.slice(this.#offset).trim()}'`);
    this.#offset = TOKEN.lastIndex;
    const { name, number, raw, text, mark } = groups;
    if (name !== undefined) return { kind: 'name', text: name };
    if (number !== undefined) return { kind: 'number', text: number };
    if (text !== undefined) return { kind: 'string', text: raw ? text.slice(1, -1) : unescaped(text.slice(1, -1)) };
    return { kind: 'mark', text: mark ?? '' };
  }
}

function parseValue(tokens: Tokens): PythonValue {
  const { kind } = tokens.next;
  if (kind === 'name') return constantOrName(tokens.take().text);
  if (kind === 'number' || tokens.isMark('-')) return parseProduct(tokens);
  if (kind === 'string') return parseString(tokens);
  if (tokens.takeMark('(')) return parseTuple(tokens);
  if (tokens.takeMark('[')) return parseItems(tokens, ']');
  if (tokens.takeMark('{')) return parseDictionary(tokens);
  throw unexpected(tokens.next);
}

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['None', null],
  ['True', true],
  ['False', false],
]);

function constantOrName(text: string): boolean | null | PythonName {
  const constant = CONSTANTS.get(text);
  return constant === undefined ? new PythonName(text) : constant;
}

/** Neighbours are one string. */
function parseString(tokens: Tokens): string {
  let text = '';
  while (tokens.next.kind === 'string') text += tokens.take().text;
  return text;
}

/** `10 * 1024 * 1024` is how sizes are usually written. */
function parseProduct(tokens: Tokens): number {
  let product = tokens.takeMark('-') ? -1 : 1;
  do {
    const factor = tokens.take();
    if (factor.kind !== 'number') throw unexpected(factor);
    product *= Number(factor.text);
  } while (tokens.takeMark('*'));
  return product;
}

/** `(x)` is x, `(x,)` and `(x, y)` are tuples. */
function parseTuple(tokens: Tokens): PythonValue {
  if (tokens.takeMark(')')) return [];
  const first = parseValue(tokens);
  if (tokens.takeMark(')')) return first;
  if (!tokens.takeMark(',')) throw unexpected(tokens.next);
  return [first, ...parseItems(tokens, ')')];
}

function parseItems(tokens: Tokens, end: string): readonly PythonValue[] {
  const items: PythonValue[] = [];
  while (!tokens.takeMark(end)) {
    items.push(parseValue(tokens));
    if (!tokens.takeMark(',') && !tokens.isMark(end)) throw unexpected(tokens.next);
  }
  return items;
}

function parseDictionary(tokens: Tokens): ReadonlyMap<string, PythonValue> {
  const entries = new Map<string, PythonValue>();
  while (!tokens.takeMark('}')) {
    const key = parseValue(tokens);
    if (typeof key !== 'string') throw new SyntaxError('a key of a dictionary is no string');
    if (!tokens.takeMark(':')) throw unexpected(tokens.next);
    entries.set(key, parseValue(tokens));
    if (!tokens.takeMark(',') && !tokens.isMark('}')) throw unexpected(tokens.next);
  }
  return entries;
}

function unexpected(token: Token): SyntaxError {
  return new SyntaxError(token.kind === 'end' ? `unexpected ${token.text}` : `unexpected '${token.text}'`);
}

const ESCAPES: Readonly<Record<string, string>> = {
  '\n': '',
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|([0-7]{1,3})|([\s\S]))/g,
    (sequence, hex?: string, unicode?: string, octal?: string, plain = '') => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
      const digits = hex ?? unicode;
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      return ESCAPES[plain] ?? sequence;
    },
  );
}
