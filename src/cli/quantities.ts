/** Numbers in words, the same wherever an application counts. */

const UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** `1 byte`, `812 bytes`, `1.23 kB`, `45.6 MB`; a kB is 1000 bytes. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1000) return count(Math.round(bytes), 'byte');
  let value = bytes;
  let unit = '';
  for (const next of UNITS) {
    if (unit !== '' && value < 999.5) break;
    value /= 1000;
    unit = next;
  }
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${value.toFixed(decimals)} ${unit}`;
}

/** `1.23 MB/s` */
export function rateInWords(bytes: number, ms: number): string {
  return `${bytesInWords((bytes * 1000) / Math.max(ms, 1))}/s`;
}

/** `0.3 s`, `72.5 s`: to be read by programs as well. */
export function secondsInWords(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** As clocks have it: `0:07`, `12:34`, `3:02:01`. */
export function clockTime(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  const two = (number: number) => `${number}`.padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours === 0 ? `${minutes}:${two(seconds % 60)}` : `${hours}:${two(minutes)}:${two(seconds % 60)}`;
}

/** `1 file`, `7 files`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
