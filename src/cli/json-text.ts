/** JSON as the applications print it: on one line, of printable characters alone. */

/** What a terminal could obey, or a reader of lines take for the end of one, as `printable` has it. JSON has it within texts only. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Reads back as it was; without a newline. */
export function jsonText(record: object): string {
  return JSON.stringify(record).replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, index) => {
    const unit = character.charCodeAt(index);
    return `\\u${unit.toString(16).padStart(4, '0')}`;
  }).join('');
}
