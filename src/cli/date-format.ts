/** Dates and times in the words of a format: `YYYY MM DD HH mm ss SSS`, and anything that is no letter. */

const FIELDS = ['YYYY', 'MM', 'DD', 'HH', 'mm', 'ss', 'SSS'] as const;
type Field = (typeof FIELDS)[number];
/** The digits of each, as far as they are known. */
export type DateFields = Readonly<Partial<Record<Field, string>>>;
/** The value representations of dates, times, and both in one. */
export type DateKind = 'DA' | 'TM' | 'DT';

const FIELDS_OF: Readonly<Record<DateKind, readonly Field[]>> = {
  DA: ['YYYY', 'MM', 'DD'],
  TM: ['HH', 'mm', 'ss', 'SSS'],
  DT: FIELDS,
};
const FIELD = /YYYY|MM|DD|HH|mm|ss|SSS/g;
/** PS3.5 6.2, with the dots and colons of ACR-NEMA as well; what is behind may be left out. */
const VALUES: Readonly<Record<DateKind, RegExp>> = {
  DA: /^(?<YYYY>\d{4})\.?(?<MM>\d\d)\.?(?<DD>\d\d)$/,
  TM: /^(?<HH>\d\d)(?::?(?<mm>\d\d)(?::?(?<ss>\d\d)(?:\.(?<fraction>\d{1,6}))?)?)?$/,
  DT: /^(?<YYYY>\d{4})(?:(?<MM>\d\d)(?:(?<DD>\d\d)(?:(?<HH>\d\d)(?:(?<mm>\d\d)(?:(?<ss>\d\d)(?:\.(?<fraction>\d{1,6}))?)?)?)?)?)?(?:[+-]\d{4})?$/,
};

/** By the clock of the machine, in its time zone. */
export function dateFields(date: Date): DateFields {
  const digits = (value: number, length: number) => String(value).padStart(length, '0');
  return {
    YYYY: digits(date.getFullYear(), 4),
    MM: digits(date.getMonth() + 1, 2),
    DD: digits(date.getDate(), 2),
    HH: digits(date.getHours(), 2),
    mm: digits(date.getMinutes(), 2),
    ss: digits(date.getSeconds(), 2),
    SSS: digits(date.getMilliseconds(), 3),
  };
}

/** Of a value as it came; nothing of one that is none. */
export function dateOf(text: string, kind: DateKind): DateFields {
  const { fraction, ...fields } = VALUES[kind].exec(text)?.groups ?? {};
  return fields.ss === undefined ? fields : { ...fields, SSS: (fraction ?? '').padEnd(3, '0').slice(0, 3) };
}

/**
 * What fills the fields into a format; undefined if one of them is not known.
 * @throws {RangeError} whose message says what the format has that it cannot have
 */
export function datePattern(format: string, kind: DateKind): (fields: DateFields) => string | undefined {
  const wanted = FIELDS.filter((field) => format.includes(field));
  const others = format.replace(FIELD, '');
  if (wanted.length === 0 || /\p{L}/u.test(others))
    throw new RangeError(`can be made of ${FIELDS_OF[kind].join(' ')} and signs between them`);
  const foreign = wanted.find((field) => !FIELDS_OF[kind].includes(field));
  if (foreign !== undefined) throw new RangeError(`has no ${foreign}`);
  return (fields) => {
    if (wanted.some((field) => fields[field] === undefined)) return undefined;
    return format.replace(FIELD, (field) => Object.entries(fields).find(([name]) => name === field)?.[1] ?? '');
  };
}
