/** Memory that a connection is read into: again and again, as soon as nobody uses what was read before. */

/** For a connection that brings little at a time. */
const SMALL_SLAB_BYTES = 32 * 1024;
/** For one that fills what it is given. Two of them stay in a processor's cache, which is what makes it fast. */
const LARGE_SLAB_BYTES = 256 * 1024;
/** No chunk is longer. */
export const MAX_CHUNK_BYTES = LARGE_SLAB_BYTES;
/** A shorter view is copied when it is kept: it would keep a whole slab from being used again. */
const MIN_KEPT_VIEW_BYTES = 1024;

/** Of slabs that nobody uses, of either length, as many are kept for the next connection that needs one. */
const MAX_FREE_BYTES = 8 * 1024 * 1024;

/** All slabs of one length. */
class SlabPool {
  readonly slabBytes: number;
  readonly #free: Slab[] = [];

  constructor(slabBytes: number) {
    this.slabBytes = slabBytes;
  }

  take(): Slab {
    return this.#free.pop() ?? new Slab(this);
  }

  giveBack(slab: Slab): void {
    if (this.#free.length * this.slabBytes < MAX_FREE_BYTES) this.#free.push(slab);
  }
}

class Slab {
  static readonly #all = new WeakMap<ArrayBufferLike, Slab>();
  readonly #pool: SlabPool;
  readonly bytes: Buffer;
  #users = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
    this.bytes = Buffer.allocUnsafeSlow(pool.slabBytes);
    Slab.#all.set(this.bytes.buffer, this);
  }

  /** The slab under a view, if it is a view of one. */
  static under(view: Buffer): Slab | undefined {
    return Slab.#all.get(view.buffer);
  }

  get hasOneUser(): boolean {
    return this.#users === 1;
  }

  use(): void {
    this.#users++;
  }

  leave(): void {
    this.#users--;
    if (this.#users === 0) this.#pool.giveBack(this);
  }
}

const SMALL = new SlabPool(SMALL_SLAB_BYTES);
const LARGE = new SlabPool(LARGE_SLAB_BYTES);

/**
 * Whoever uses bytes after the call that brought them keeps them: what it gets back, the view itself as a rule, stays as it
 * is until it lets go of it, once for each time.
 */
export function keep(view: Buffer): Buffer {
  const slab = Slab.under(view);
  if (slab === undefined) return view;
  if (view.length < MIN_KEPT_VIEW_BYTES) return Buffer.from(view);
  slab.use();
  return view;
}

export function letGo(view: Buffer): void {
  Slab.under(view)?.leave();
}

/** Of one connection: the slab that it reads into now; others are those of what is kept. */
export class ReadBuffer {
  #pool = SMALL;
  #slab: Slab;
  #used = 0;

  constructor() {
    this.#slab = this.#pool.take();
    this.#slab.use();
  }

  /** Where the next bytes go. */
  room(): Buffer {
    const { slabBytes } = this.#pool;
    if (this.#slab.hasOneUser) this.#used = 0;
    if (this.#slab.bytes.length - this.#used < slabBytes / 2) this.#turn();
    return this.#slab.bytes.subarray(this.#used);
  }

  /** What has come: the first `length` bytes of the room. They change with the next ones, unless they are kept. */
  filled(length: number): Buffer {
    const chunk = this.#slab.bytes.subarray(this.#used, this.#used + length);
    this.#used += length;
    if (this.#used === this.#slab.bytes.length) this.#pool = LARGE;
    return chunk;
  }

  #turn(): void {
    this.#slab.leave();
    this.#slab = this.#pool.take();
    this.#slab.use();
    this.#used = 0;
  }
}
