/** Files that wait to be sent: looked into before their turn, but only so many of them, in their order. */
import { type Wakeup, wakeup } from '../base/deferred.js';
import { throwIfAborted } from '../net/signals.js';
import { startTimer } from '../net/timer.js';
import type { InputFile, Look } from './input-files.js';

/** Most that wait. One costs half a kilobyte, and 16 KiB more at the most if it was read whole. */
const CAPACITY = 1024;
/** Enough where one is like the other: what is known then can be on its way already. */
const USUAL_CAPACITY = 128;
/** Most that are away for a while or wait for another try, some kilobytes each: they are no part of the capacity, so that others go on. */
const MAX_RETRIED = 8192;
/** Where paths come one by one, no more are waited for if none comes for so long. */
const STALL_MS = 100;

export interface LookAheadOptions {
  /** Ends the walk with its reason as the error. */
  readonly signal?: AbortSignal | undefined;
  /** Others are passed over for good. */
  readonly isWanted?: (file: InputFile) => boolean;
  readonly capacity?: number;
  /** Most that come back, or have done so and wait. */
  readonly maxRetried?: number;
  /** Whether the walk waits for somebody to say what is next, and may wait for ever. */
  readonly isStream?: boolean;
}

/** Draws from a walk that may be much longer than what is ever held of it. To be closed. */
export class LookAhead {
  readonly #walk: AsyncIterable<readonly Look[]>;
  readonly #isWanted: (file: InputFile) => boolean;
  readonly #maxCapacity: number;
  #capacity: number;
  readonly #signal: AbortSignal | undefined;
  /** Passed over since the last `restart`. */
  #aside: InputFile[] = [];
  #fresh: InputFile[] = [];
  readonly #isStream: boolean;
  /** How many were taken and will come back. */
  #expected = 0;
  /** What waits and has come back. */
  readonly #retried = new Set<InputFile>();
  readonly #maxRetried: number;
  #hasEnded = false;
  #isWalkedThrough = false;
  #failure: { readonly error: unknown } | undefined;
  #walking: Promise<void> | undefined;
  #grown: Wakeup | undefined;
  #shrunk: Wakeup | undefined;

  constructor(
    walk: AsyncIterable<readonly Look[]>,
    {
      signal,
      isWanted = () => true,
      capacity = CAPACITY,
      maxRetried = MAX_RETRIED,
      isStream = false,
    }: LookAheadOptions = {},
  ) {
    this.#walk = walk;
    this.#isWanted = isWanted;
    this.#isStream = isStream;
    this.#signal = signal;
    this.#maxCapacity = capacity;
    this.#maxRetried = maxRetried;
    this.#capacity = Math.min(capacity, USUAL_CAPACITY);
  }

  /** Whether the walk has ended and none is expected back: what waits now is all there is. */
  get isComplete(): boolean {
    return this.#hasEnded && this.#expected === 0;
  }

  /** Whether the walk has ended by itself, and not because of an error or `close`. */
  get isWalkedThrough(): boolean {
    return this.#isWalkedThrough;
  }

  /** Whether some that wait were passed over. */
  get hasOthers(): boolean {
    return this.#aside.length > 0;
  }

  /** What waits, in order. */
  get waiting(): readonly InputFile[] {
    return [...this.#aside, ...this.#fresh];
  }

  /**
   * Resolves when all that are left wait, or as many as may, or so many that the latter half is of no other kinds than the
   * former: what is next will mostly be of those too. In a stream that stalls what is there must do. @throws what the walk threw
   */
  async filled(): Promise<void> {
    for (;;) {
      while (!this.#isFull && !this.#hasEnded)
        if (!this.#isStream) await this.change();
        else if (await this.#stalls()) break;
      this.#throwIfFailed();
      if (this.#hasEnded || !this.#isFull || this.#capacity === this.#maxCapacity || !this.#bringsNewKinds()) return;
      this.#capacity = Math.min(this.#maxCapacity, 2 * this.#capacity);
      this.#onShrunk();
    }
  }

  /** The next file, which stays where it is; undefined if there are no more. @throws what the walk threw */
  async peek(): Promise<InputFile | undefined> {
    this.restart();
    while (!this.isComplete && this.#fresh.length === 0) await this.change();
    this.#throwIfFailed();
    return this.#fresh[0];
  }

  /**
   * Takes the next file that `fits`; what does not is passed over. Undefined when none does of those that may wait, which
   * are all if the walk has ended. @throws what the walk threw
   */
  take(fits: (file: InputFile) => boolean): InputFile | undefined | Promise<InputFile | undefined> {
    const taken = this.takeNow(fits);
    return taken === 'later' ? this.#takeLater(fits) : taken;
  }

  /** The same without a wait: `later` if one may come that fits. */
  takeNow(fits: (file: InputFile) => boolean): InputFile | 'later' | undefined {
    for (let file = this.#fresh.shift(); file !== undefined; file = this.#fresh.shift()) {
      if (fits(file)) {
        this.#retried.delete(file);
        this.#onShrunk();
        return file;
      }
      this.#aside.push(file);
    }
    this.#throwIfFailed();
    return this.isComplete || this.#isFull ? undefined : 'later';
  }

  async #takeLater(fits: (file: InputFile) => boolean): Promise<InputFile | undefined> {
    await this.change();
    return this.take(fits);
  }

  /** Takes at once all that wait and are `wanted`, wherever they stand. */
  takeAll(wanted: (file: InputFile) => boolean): readonly InputFile[] {
    const taken = this.waiting.filter(wanted);
    const chosen = new Set(taken);
    for (const file of taken) this.#retried.delete(file);
    this.#aside = this.#aside.filter((file) => !chosen.has(file));
    this.#fresh = this.#fresh.filter((file) => !chosen.has(file));
    this.#onShrunk();
    return taken;
  }

  /** They wait again, and come first. */
  putBack(files: readonly InputFile[]): void {
    this.#fresh.unshift(...files);
    this.#onGrown();
  }

  /** One that was taken will come back. @returns whether there is room for it: if not, it must not */
  expect(): boolean {
    if (this.#expected + this.#retried.size >= this.#maxRetried) return false;
    this.#expected++;
    return true;
  }

  /** It waits again, and comes last: whatever kept it may keep it again. */
  comeBack(file: InputFile): void {
    this.#expected--;
    this.#retried.add(file);
    this.#fresh.push(file);
    this.#onGrown();
  }

  /** What was passed over comes first again. */
  restart(): void {
    if (this.#aside.length === 0) return;
    this.#fresh = [...this.#aside, ...this.#fresh];
    this.#aside = [];
  }

  /** Resolves when there is something new: a file, or the end. */
  async change(): Promise<void> {
    this.#walking ??= this.#walkOn();
    this.#grown ??= wakeup();
    await this.#grown.promise;
  }

  /** Nothing more comes of the walk, which may be waiting. @param error what others are thrown who have not had all yet */
  end(error?: unknown): void {
    this.#hasEnded = true;
    if (error !== undefined && (!this.#isWalkedThrough || this.waiting.length > 0)) this.#failure ??= { error };
    this.#onGrown();
    this.#onShrunk();
  }

  /** Ends the walk. That of a stream ends by itself when it has been given another path, or none. */
  async close(): Promise<void> {
    this.end();
    if (!this.#isStream) await this.#walking;
  }

  get #isFull(): boolean {
    return this.#aside.length + this.#fresh.length - this.#retried.size >= this.#capacity;
  }

  #bringsNewKinds(): boolean {
    const { waiting } = this;
    const half = Math.floor(waiting.length / 2);
    const known = new Set(waiting.slice(0, half).map(kindOf));
    return waiting.slice(half).some((file) => 'instance' in file && !known.has(kindOf(file)));
  }

  /** Whether nothing comes for a while. */
  #stalls(): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = startTimer(STALL_MS, () => resolve(true));
      const onChange = () => {
        cancel();
        resolve(false);
      };
      this.change().then(onChange, onChange);
    });
  }

  #onGrown(): void {
    this.#grown?.wake();
    this.#grown = undefined;
  }

  #onShrunk(): void {
    this.#shrunk?.wake();
    this.#shrunk = undefined;
  }

  async #walkOn(): Promise<void> {
    try {
      for await (const looks of this.#walk) {
        for (const look of looks) {
          const looking = look();
          const file = looking instanceof Promise ? await looking : looking;
          throwIfAborted(this.#signal);
          if (this.#isWanted(file)) {
            this.#fresh.push(file);
            this.#onGrown();
          }
          while (this.#isFull && !this.#hasEnded) {
            this.#shrunk ??= wakeup();
            await this.#shrunk.promise;
          }
          if (this.#hasEnded) return;
        }
      }
      this.#isWalkedThrough = !this.#hasEnded;
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#hasEnded = true;
      this.#onGrown();
    }
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** What presentation contexts depend on. */
function kindOf(file: InputFile): string {
  return 'error' in file ? '' : `${file.instance.sopClassUid}\\${file.instance.transferSyntaxUid}`;
}
