/** INI files as Python's configparser reads them, every value with its line so that a complaint can name it. */
import { CommandLineError } from './command-line-error.js';
import { messageOf } from './printable.js';
import { readTextFile } from './text-file.js';

const MAX_INTERPOLATION_DEPTH = 10;
const DEFAULT_SECTION = 'DEFAULT';

/** One `key = value`, its text not yet interpolated. */
interface RawEntry {
  readonly line: number;
  value: string;
}

/** A section's own values; those of [DEFAULT] stand behind them. */
interface RawSection {
  readonly line: number;
  readonly entries: Map<string, RawEntry>;
}

/** One value of the file. */
export class IniEntry {
  readonly value: string;
  readonly #place: string;

  constructor(value: string, place: string) {
    this.value = value;
    this.#place = place;
  }

  /** What `parse` makes of the value; what it throws becomes an error that names file and line. */
  read<T>(parse: (text: string) => T): T {
    try {
      return parse(this.value);
    } catch (error) {
      throw this.fault(error);
    }
  }

  /** The value as a list of names, separated by commas; none for an empty value. */
  names(): readonly string[] {
    return this.value === '' ? [] : this.value.split(',').map((name) => name.trim());
  }

  fault(reason: unknown): CommandLineError {
    return new CommandLineError(`${this.#place}: ${messageOf(reason)}`, { cause: reason });
  }
}

/** A section; keys are in lower case. */
export class IniSection {
  readonly #file: IniFile;
  readonly #name: string;
  readonly #raw: RawSection;

  constructor(file: IniFile, name: string, raw: RawSection) {
    this.#file = file;
    this.#name = name;
    this.#raw = raw;
  }

  /** The value with `%(other)s` replaced by the section's or [DEFAULT]'s `other`, and `%%` by `%`. */
  get(key: string): IniEntry | undefined {
    const raw = this.getRaw(key);
    if (raw === undefined) return undefined;
    const value = raw.read((text) => this.#interpolate(text, 0));
    return new IniEntry(value, this.#placeOf(key));
  }

  /** The value as it stands. */
  getRaw(key: string): IniEntry | undefined {
    const entry = this.#find(key);
    return entry && new IniEntry(entry.value, this.#placeOf(key));
  }

  /** @throws {CommandLineError} if there is no such key. */
  require(key: string): IniEntry {
    const entry = this.get(key);
    if (entry !== undefined) return entry;
    throw new CommandLineError(`${this.#file.path}:${this.#raw.line}: [${this.#name}] has no ${key}`);
  }

  #find(key: string): RawEntry | undefined {
    return this.#raw.entries.get(key) ?? this.#file.defaults.get(key);
  }

  #placeOf(key: string): string {
    return `${this.#file.path}:${this.#find(key)?.line}`;
  }

  #interpolate(text: string, depth: number): string {
    if (depth > MAX_INTERPOLATION_DEPTH) throw new SyntaxError('values refer to one another without end');
    return text.replace(/%(?:(%)|\(([^)]+)\)s|)/g, (reference, percent?: string, key?: string) => {
      if (percent !== undefined) return percent;
      if (key === undefined) throw new SyntaxError("'%' must be followed by '%' or '(name)s'");
      const entry = this.#find(key.toLowerCase());
      if (entry === undefined) throw new SyntaxError(`${reference} refers to a value that is not there`);
      return this.#interpolate(entry.value, depth + 1);
    });
  }
}

/** A whole file, read at once. */
export class IniFile {
  readonly path: string;
  readonly defaults: Map<string, RawEntry> = new Map();
  readonly #sections = new Map<string, RawSection>();

  /** @throws {CommandLineError} if the file cannot be read or is no INI file. */
  constructor(path: string) {
    this.path = path;
    this.#parse(readTextFile('-lc', path));
  }

  /** @throws {CommandLineError} if there is no such section. */
  section(name: string): IniSection {
    const raw = this.#sections.get(name);
    if (raw === undefined) throw new CommandLineError(`${this.path}: section [${name}] is missing`);
    return new IniSection(this, name, raw);
  }

  #parse(text: string): void {
    let entries: Map<string, RawEntry> | undefined;
    let open: RawEntry | undefined;
    let indent = 0;
    for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
      const content = line.trim();
      if (/^[#;]/.test(content)) continue;
      const ownIndent = line.length - line.trimStart().length;
      if (open !== undefined && (content === '' || ownIndent > indent)) {
        open.value += `\n${content}`;
      } else if (content !== '') {
        indent = ownIndent;
        open = undefined;
        const header = /^\[(.+)\]/.exec(content)?.[1];
        if (header !== undefined) entries = this.#startSection(header, index + 1);
        else open = this.#addEntry(entries, content, index + 1);
      }
    }
    for (const all of [this.defaults, ...[...this.#sections.values()].map((section) => section.entries)])
      for (const entry of all.values()) entry.value = entry.value.trimEnd();
  }

  #startSection(name: string, line: number): Map<string, RawEntry> {
    if (name === DEFAULT_SECTION) return this.defaults;
    if (this.#sections.has(name)) throw this.#fault(line, `section [${name}] is there twice`);
    const entries = new Map<string, RawEntry>();
    this.#sections.set(name, { line, entries });
    return entries;
  }

  #addEntry(entries: Map<string, RawEntry> | undefined, content: string, line: number): RawEntry {
    if (entries === undefined) throw this.#fault(line, `'${content}' is before the first [section]`);
    const separator = content.search(/[=:]/);
    if (separator < 1) throw this.#fault(line, `'${content}' is no 'key = value'`);
    const key = content.slice(0, separator).trim().toLowerCase();
    if (entries.has(key)) throw this.#fault(line, `${key} is there twice`);
    const entry = { line, value: content.slice(separator + 1).trim() };
    entries.set(key, entry);
    return entry;
  }

  #fault(line: number, message: string): CommandLineError {
    return new CommandLineError(`${this.path}:${line}: ${message}`);
  }
}
