/** Events as lines of JSON: names that programs read, so they stay as they are, and are those of the JSON log. */
import type { StorageEvent } from '../index.js';
import { jsonText } from './json-text.js';
import { statusCode } from './log-fields.js';

/** With the newline. What is not known is left out. */
export function eventLine(event: StorageEvent): string {
  return `${jsonText(fieldsOf(event))}\n`;
}

function fieldsOf({ type, time, ...facts }: StorageEvent): object {
  return { time, event: type, ...named({ ...facts, attributes: undefined }) };
}

/** Shorter than the library's. */
const NAMES: Readonly<Record<string, string>> = {
  remote: 'peer',
  callingAeTitle: 'callingAet',
  callingAeTitles: 'callingAets',
  calledAeTitle: 'calledAet',
  transferSyntaxUid: 'transferSyntax',
};

function named(facts: object): object {
  return Object.fromEntries(
    Object.entries(facts)
      .filter(([name, value]) => value !== undefined && (name !== 'missed' || value > 0))
      .map(([name, value]) => [NAMES[name] ?? name, name === 'status' ? statusCode(value) : value]),
  );
}
