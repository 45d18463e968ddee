/** Texts of a data set in any of the character sets that Specific Character Set (0008,0005) can name (PS3.3 C.12.1.1.2). */
import { printable, quoted } from '../index.js';

/**
 * The text of a value in the character sets that the value of (0008,0005) names; undefined is that there is none. What is no
 * character in them becomes U+FFFD. Never fails.
 * @param vr tells which characters part values, so that ISO 2022 begins anew after them; LO if left out
 */
export type DecodeText = (bytes: Uint8Array, specificCharacterSet: string | undefined, vr?: string) => string;

/** So many faults are told, each once: a careless sender has the same in every object. */
const MAX_FAULTS = 100;

/** @param onFault is told, in a printable line, of character sets that nobody knows and of escape sequences that belong to none */
export async function textDecoder(onFault: (message: string) => void): Promise<DecodeText> {
  const { convertBytes } = await import('dicom-character-set');
  const told = new Set<string>();
  const tell = (message: string) => {
    if (told.size >= MAX_FAULTS || told.has(message)) return;
    told.add(message);
    onFault(message);
  };
  return (bytes, specificCharacterSet, vr = 'LO') => {
    const named = specificCharacterSet?.replaceAll('\0', '').trim() ?? '';
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
