/** Passwords as scrypt hashes (RFC 7914), each with its own salt and parameters. */
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const scryptAsync = promisify<Buffer, Buffer, number, ScryptOptions, Buffer>(scrypt);

export interface ScryptHash {
  /** Base 2 logarithm of the cost parameter N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly key: Buffer;
}

/**
 * One of the equally strong settings that OWASP's Password Storage Cheat Sheet has for scrypt: of these that with 32 MiB,
 * for a process that has other things to do with its memory.
 */
const DEFAULTS = { ln: 15, r: 8, p: 3 } as const;
const SALT_LENGTH = 16;
const KEY_LENGTH = 32;
/** What one line may ask for. */
const MAX_MEMORY = 256 * 1024 * 1024;
const MAX_PARALLELIZATION = 16;

const SHAPE = /^scrypt\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,})\$([A-Za-z0-9+/]{22,86})$/;

/** A hash of parameters and salt of our own. */
export async function hashPassword(password: Buffer): Promise<ScryptHash> {
  const parameters = { ...DEFAULTS, salt: randomBytes(SALT_LENGTH) };
  return { ...parameters, key: await derive(password, { ...parameters, key: Buffer.alloc(KEY_LENGTH) }) };
}

/** A hash that is nobody's. */
export function nobodysHash(): ScryptHash {
  return { ...DEFAULTS, salt: randomBytes(SALT_LENGTH), key: randomBytes(KEY_LENGTH) };
}

/** Takes as long for a wrong password as for the right one. */
export async function isPassword(password: Buffer, hash: ScryptHash): Promise<boolean> {
  return timingSafeEqual(await derive(password, hash), hash.key);
}

async function derive(password: Buffer, { ln, r, p, salt, key }: ScryptHash): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: memoryFor(ln, r, p) };
  return await scryptAsync(password, salt, key.length, options);
}

/** Bytes: the blocks of scryptROMix, two of its own beside them, and those of PBKDF2 (RFC 7914 5 and 6). */
function memoryFor(ln: number, r: number, p: number): number {
  return 128 * r * (2 ** ln + 2 + p);
}

/** As PHC strings are written: `scrypt$ln=15,r=8,p=3$SALT$HASH`, both in base64 without padding. */
export function formatHash({ ln, r, p, salt, key }: ScryptHash): string {
  return `scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(key)}`;
}

/** @throws {Error} that says what is wrong without a word of the text, which may well be a password */
export function parseHash(text: string): ScryptHash {
  const [, ln = '', r = '', p = '', salt = '', key = ''] = SHAPE.exec(text) ?? [];
  if (key === '') throw new Error('no hash of the shape scrypt$ln=15,r=8,p=3$SALT$HASH');
  const hash = { ln: Number(ln), r: Number(r), p: Number(p), salt: fromBase64(salt), key: fromBase64(key) };
  // RFC 7914 2: N is less than 2 to the power of 128 * r / 8.
  if (hash.ln < 1 || hash.ln >= 16 * hash.r || hash.r < 1 || hash.p < 1 || hash.p > MAX_PARALLELIZATION)
    throw new Error(`its hash has parameters that scrypt does not take, or more than p=${MAX_PARALLELIZATION}`);
  if (memoryFor(hash.ln, hash.r, hash.p) > MAX_MEMORY) throw new Error('its hash needs more than 256 MiB');
  return hash;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}
