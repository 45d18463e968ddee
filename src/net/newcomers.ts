/** Connections that are coming in. Node takes one of them in a turn of the event loop, so that a crowd waits for as many turns. */

/** Whoever comes all the time does not keep those who are there from sending; nor does a crowd where turns are long. */
const MAX_TURNS = 64;
const MAX_MS = 500;

export class Newcomers {
  #coming = 0;

  /** One has been taken: another may be in the turn after this one. */
  onTaken(): void {
    this.#coming++;
    setImmediate(() => setImmediate(() => this.#coming--));
  }

  /** Calls `goOn` in the next turn, or when no more of them are coming, which is waited for in short turns. */
  goFirst(goOn: () => void): void {
    const begun = performance.now();
    let turns = MAX_TURNS;
    const wait = () => {
      turns--;
      if (this.#coming > 0 && turns > 0 && performance.now() - begun < MAX_MS) setImmediate(wait);
      else goOn();
    };
    setImmediate(wait);
  }
}
