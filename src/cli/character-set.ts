/** Texts of a data set in any of the character sets that Specific Character Set (0008,0005) can name (PS3.3 C.12.1.1.2). */
import { printable, quoted } from '../index.js';

/**
 * The text of a value in the character sets that the value of (0008,0005) names; undefined is that there is none. What is no
 * character in them becomes U+FFFD. Never fails.
 * @param vr tells which characters part values, so that ISO 2022 begins anew after them; LO if left out
 */
export type DecodeText = (bytes: Uint8Array, specificCharacterSet: string | undefined, vr?: string) => string;

/** So many faults are told at once, each once: a careless sender has the same in every object. */
const MAX_FAULTS = 100;
/** Then one in a minute, so that who makes up ever new ones neither fills the log nor hides those of others for good. */
const FAULT_MS = 60_000;
const MAX_REMEMBERED = 1000;

/** PS3.3 Table C.12-2, ISO 8859-15: of the single-byte ones the one that the library does not know. */
const LATIN_9 = 'ISO_IR 203';

/**
 * @param onFault is told, in a printable line, of character sets that nobody knows and of escape sequences that belong to none
 * @param now in milliseconds, from any start
 */
export async function textDecoder(
  onFault: (message: string) => void,
  now: () => number = () => performance.now(),
): Promise<DecodeText> {
  const { convertBytes } = await import('dicom-character-set');
  const latin9 = new TextDecoder('iso-8859-15');
  const told = new Set<string>();
  /** When the next may be told, had none been told at once: it is never behind by more than `MAX_FAULTS`. */
  let due = now() - MAX_FAULTS * FAULT_MS;
  const tell = (message: string) => {
    if (told.has(message)) return;
    due = Math.max(due, now() - MAX_FAULTS * FAULT_MS);
    if (due + FAULT_MS > now()) return;
    due += FAULT_MS;
    for (const oldest of told) {
      if (told.size < MAX_REMEMBERED) break;
      told.delete(oldest);
    }
    told.add(message);
    onFault(message);
  };
  return (bytes, specificCharacterSet, vr = 'LO') => {
    const named = specificCharacterSet?.replaceAll('\0', '').trim() ?? '';
    if (named === LATIN_9) return latin9.decode(bytes);
    try {
      return convertBytes(named, bytes, { vr });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`Cannot decode text in the character set ${quoted(named)}: ${printable(reason)}`);
      return asciiOf(bytes);
    }
  };
}

/** What is the same in all of them. */
function asciiOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\xff]+/g, '\ufffd');
}
