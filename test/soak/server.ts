/** A storescp that is soaked: on a disk of its own, killed and started again on the same port. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/apps-files.js';
import { AskableStorescp } from '../support/held-resources.js';
import { isOpen } from '../support/processes.js';
import { type SmallDisk, skipWithoutSmallDisk, smallDisk } from '../support/small-disk.js';
import { faultsOf, inventory, Ledger } from '../support/storing-objects.js';

const OPTIONS = ['--async-ops', '16', '--max-associations', '24', '-ta', '4', '-tn', '4'];
const DISK_OPTIONS = 'size=400m';

/** Where a storescp stores: a small disk where one can be mounted, else a folder, which cannot be filled. */
type Place = Pick<SmallDisk, 'path'> & Partial<SmallDisk> & AsyncDisposable;

/** What is to be counted of it. */
export interface Counts {
  compared: number;
  unacknowledgedButWhole: number;
  partFiles: number;
}

export class SoakedServer implements AsyncDisposable {
  readonly name: string;
  readonly #place: Place;
  readonly counts: Counts = { compared: 0, unacknowledgedButWhole: 0, partFiles: 0 };
  /** What is wrong, in words: empty if all is well. */
  readonly faults: string[] = [];
  #storescp: AskableStorescp;
  #port = 0;
  /** Of what was sent since the last `compare`. */
  ledger = new Ledger();
  isDown = false;

  private constructor(name: string, place: Place) {
    this.name = name;
    this.#place = place;
    this.#storescp = this.#start(0);
  }

  static async start(name: string): Promise<SoakedServer> {
    const place = skipWithoutSmallDisk() === false ? await smallDisk(DISK_OPTIONS) : await temporaryFolder();
    const server = new SoakedServer(name, place);
    server.#port = await server.#storescp.port();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  get storescp(): AskableStorescp {
    return this.#storescp;
  }

  /** What it has said last. */
  get lastWords(): string {
    return this.#storescp.process.stderr.trimEnd().split('\n').slice(-3).join(' / ');
  }

  /** Takes all room away, and returns what gives it back; undefined where that cannot be done. */
  fill(): (() => void) | undefined {
    if (this.#place.fill === undefined) return undefined;
    this.#place.fill();
    return () => this.#place.empty?.();
  }

  /** Ends it; what it was doing is lost or finished, as the signal has it. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.isDown = true;
    const begun = performance.now();
    const { code, stderr } = await this.#storescp.process.stop(signal);
    const seconds = (performance.now() - begun) / 1000;
    if (signal === 'SIGTERM' && code !== 143) this.faults.push(`${this.name} ended with ${code} on SIGTERM: ${stderr}`);
    if (signal === 'SIGTERM' && seconds > 10) this.faults.push(`${this.name} took ${seconds.toFixed(1)} s to end`);
  }

  /** Starts it once more: part files are gone then, and nothing else is. */
  async restart(): Promise<void> {
    const before = inventory(this.#place.path);
    this.#storescp = this.#start(this.#port);
    while (!(await isOpen(this.#port)));
    const after = inventory(this.#place.path);
    this.counts.partFiles += before.parts.length;
    if (after.parts.length > 0) this.faults.push(`${this.name} has not removed ${after.parts.join(', ')}`);
    if (after.stored.join() !== before.stored.join()) this.faults.push(`${this.name} has touched files at its start`);
    this.isDown = false;
  }

  /** Compares all that was acknowledged with what was sent, and begins anew. Nobody may be sending. */
  async compare(): Promise<void> {
    const { ledger } = this;
    const { path } = this.#place;
    this.faults.push(...(await faultsOf(path, ledger)).map((fault) => `${this.name}: ${fault}`));
    const { stored, parts } = inventory(path);
    if (parts.length > 0) this.faults.push(`${this.name} has left ${parts.join(', ')} behind`);
    this.counts.compared += ledger.acknowledged.size;
    this.counts.unacknowledgedButWhole += stored.filter((uid) => !ledger.acknowledged.has(uid)).length;
    for (const name of readdirSync(path)) if (name.startsWith('CT.')) rmSync(join(path, name));
    this.ledger = new Ledger();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#storescp[Symbol.asyncDispose]();
    await this.#place[Symbol.asyncDispose]();
  }

  #start(port: number): AskableStorescp {
    return new AskableStorescp([`${port}`, '-od', this.#place.path, ...OPTIONS], { isUnlimited: true });
  }
}
