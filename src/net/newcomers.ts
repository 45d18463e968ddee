/** Connections that are coming in. Node takes one of them in a turn of the event loop, so that a crowd waits for as many turns. */

/** Whoever comes all the time does not keep those who are there from sending. */
const MAX_TURNS = 64;

export class Newcomers {
  #coming = 0;

  /** One has been taken: another may be in the turn after this one. */
  onTaken(): void {
    this.#coming++;
    setImmediate(() => setImmediate(() => this.#coming--));
  }

  /** Calls `goOn` in the next turn, or when no more of them are coming, which is waited for in short turns. */
  goFirst(goOn: () => void): void {
    let turns = MAX_TURNS;
    const wait = () => {
      turns--;
      if (this.#coming > 0 && turns > 0) setImmediate(wait);
      else goOn();
    };
    setImmediate(wait);
  }
}
