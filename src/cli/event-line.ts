/** Events as lines of JSON: names that programs read, so they stay as they are, and are those of the JSON log. */
import type { StorageEvent } from '../index.js';

/** With the newline. What is not known is left out. */
export function eventLine(event: StorageEvent): string {
  return `${JSON.stringify(fieldsOf(event)).replace(UNPRINTABLE, escaped)}\n`;
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
      .map(([name, value]) => [NAMES[name] ?? name, name === 'status' ? hex(value) : value]),
  );
}

/** `A700`. */
function hex(status: number): string {
  return status.toString(16).toUpperCase().padStart(4, '0');
}

/** What a terminal could obey, or a reader of lines take for the end of one. JSON has it within texts only. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
