/** Parsers of option values: text in, value out, or an Error whose message completes `NAME: `. */

/** Node's timers hold no more than 2^31 - 1 ms. */
const MAX_SECONDS = 2_147_483;
const UNLIMITED = 'unlimited';

/** Numbers in the words of JSON Schema. */
export interface NumberRange {
  readonly type: 'integer' | 'number';
  readonly minimum: number;
  readonly maximum: number;
}

/** A parser of numbers, which are numbers in a config file too; `words` are texts that it takes besides. */
export interface NumberParser {
  (text: string): number;
  readonly ranges: readonly NumberRange[];
  readonly words: readonly string[];
}

/** A whole number between `from` and `to`; 0 as well with `orZero`. */
export function integer(limits: {
  readonly from: number;
  readonly to?: number;
  readonly orZero?: boolean;
}): NumberParser {
  const { from, to = Number.MAX_SAFE_INTEGER, orZero = false } = limits;
  const range = limits.to === undefined ? `a number from ${from} up` : `a number from ${from} to ${to}`;
  const parse = (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if ((orZero && value === 0) || (value >= from && value <= to)) return value;
    throw new RangeError(`${shown(text)} is not ${orZero ? '0 or ' : ''}${range}`);
  };
  const type = 'integer' as const;
  const zero = orZero ? [{ type, minimum: 0, maximum: 0 }] : [];
  return Object.assign(parse, { ranges: [...zero, { type, minimum: from, maximum: to }], words: [] });
}

/** Seconds, with or without a fraction, as milliseconds; 0 and the word `unlimited` give 0. */
export const secondsToMs: NumberParser = Object.assign(
  (text: string): number => {
    if (text === UNLIMITED) return 0;
    const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    // Rounded up: the shortest wait must not become the endless one.
    if (seconds <= MAX_SECONDS) return Math.ceil(seconds * 1000);
    throw new RangeError(`${shown(text)} is not a number of seconds from 0 to ${MAX_SECONDS} (0 = unlimited)`);
  },
  { ranges: [{ type: 'number' as const, minimum: 0, maximum: MAX_SECONDS }], words: [UNLIMITED] },
);

const MAX_DELAY_SECONDS = 86_400;

/** Seconds to wait for, with or without a fraction, as milliseconds; 0 is no wait. */
export const delayToMs: NumberParser = Object.assign(
  (text: string): number => {
    const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (seconds <= MAX_DELAY_SECONDS) return Math.ceil(seconds * 1000);
    throw new RangeError(`${shown(text)} is not a number of seconds from 0 to ${MAX_DELAY_SECONDS}`);
  },
  { ranges: [{ type: 'number' as const, minimum: 0, maximum: MAX_DELAY_SECONDS }], words: [] },
);

/** Any text but the empty one. */
export function text(value: string): string {
  if (value.length === 0) throw new RangeError('is empty');
  return value;
}

/** A host or its address; brackets, which an IPv6 address has where a port follows, are not part of it. */
export function host(value: string): string {
  return text(value).replace(/^\[(.*:.*)\]$/, '$1');
}

/** `value` as it can stand in a message: quoted where a reader could not see it. */
export function shown(value: string): string {
  return value === '' || /\s/.test(value) ? `'${value}'` : value;
}

const MIN_INTERVAL_SECONDS = 0.1;

/** Seconds between one time and the next, with or without a fraction, as milliseconds. */
export const interval: NumberParser = Object.assign(
  (text: string): number => {
    const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
    if (seconds >= MIN_INTERVAL_SECONDS && seconds <= MAX_SECONDS) return Math.round(seconds * 1000);
    throw new RangeError(`${shown(text)} is not a number of seconds from ${MIN_INTERVAL_SECONDS} to ${MAX_SECONDS}`);
  },
  { ranges: [{ type: 'number' as const, minimum: MIN_INTERVAL_SECONDS, maximum: MAX_SECONDS }], words: [] },
);
