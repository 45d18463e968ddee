/** storescp's users: who may come in by name and password, and how many passwords are looked at at a time. */
import { createHmac, randomBytes } from 'node:crypto';
import type { AuthenticationContext, UserIdentity, Verdict } from '../index.js';
import { isPassword, nobodysHash, type ScryptHash } from './scrypt-hash.js';
import { MAX_NAME_LENGTH, normalName } from './user-name.js';
import { readUsers, type UserHashes } from './users-file.js';

/** Each takes a processor, one of libuv's four threads, and the memory of its hash (32 MiB, 256 MiB at most). */
const PASSWORDS_AT_A_TIME = 2;

export class Users {
  readonly #path: string;
  readonly #key = randomBytes(32);
  readonly #turns = new FewAtATime(PASSWORDS_AT_A_TIME);
  #hashes: UserHashes;

  /** @throws {Error} one line, if the file cannot be used */
  constructor(path: string) {
    this.#path = path;
    this.#hashes = readUsers(path);
  }

  /** Reads the file anew. @throws {Error} likewise; the users are then those that were known before */
  reload(): void {
    this.#hashes = readUsers(this.#path);
  }

  /** Only a name with a password proves anything that can be looked up here. */
  async authenticate(identity: UserIdentity | undefined, { signal, remote }: AuthenticationContext): Promise<Verdict> {
    if (identity?.type !== 'username-and-passcode')
      return { accepted: false, reason: 'a user name with a password is required' };
    const { passcode } = identity;
    // Nobody in the file has a name that is empty, or so long.
    const name = identity.username.length > MAX_NAME_LENGTH ? '' : normalName(identity.username);
    const host = remote.slice(0, remote.lastIndexOf(':'));
    return this.#turns.run(signal, host, () => this.#verdict(name, passcode));
  }

  /** By the file as it is now, not as it was when the login began to wait. */
  async #verdict(name: string, passcode: Buffer): Promise<Verdict> {
    const known = this.#hashes.get(name);
    const isRight = await isPassword(passcode, known ?? this.#decoyFor(name));
    if (known === undefined) return { accepted: false, reason: 'unknown user name' };
    return isRight ? { accepted: true } : { accepted: false, reason: 'wrong password' };
  }

  /** An unknown name takes as long as a known one does, always the same, so that nobody can tell which names are known. */
  #decoyFor(name: string): ScryptHash {
    const hashes = [...this.#hashes.values()];
    const digest = createHmac('sha256', this.#key).update(name).digest();
    return hashes[digest.readUInt32BE(0) % hashes.length] ?? nobodysHash();
  }
}

/**
 * Work that waits for its turn: that of the hosts that ask for it by turns, so that a flood from one keeps no other waiting, and of
 * each host first come, first served. What nobody waits for any more leaves the queue at once.
 */
export class FewAtATime {
  #free: number;
  /** By host; the one whose turn is next comes first. */
  readonly #waiting = new Map<string, Set<() => void>>();

  constructor(limit: number) {
    this.#free = limit;
  }

  /** @throws the reason of `signal` if it is given before the turn has come: the work is not begun then */
  async run<T>(signal: AbortSignal, host: string, work: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free--;
    else await this.#turn(signal, host);
    try {
      return await work();
    } finally {
      this.#leave();
    }
  }

  #turn(signal: AbortSignal, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', giveUp);
        resolve();
      };
      const giveUp = () => {
        const ofHost = this.#waiting.get(host);
        ofHost?.delete(begin);
        if (ofHost?.size === 0) this.#waiting.delete(host);
        reject(signal.reason);
      };
      this.#waiting.set(host, (this.#waiting.get(host) ?? new Set()).add(begin));
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  #leave(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#free++;
      return;
    }
    const [host, ofHost] = first;
    this.#waiting.delete(host);
    const [begin, ...others] = ofHost;
    if (others.length > 0) this.#waiting.set(host, new Set(others));
    begin?.();
  }
}
