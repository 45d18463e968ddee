/** `storescu --watch`: what appears in a folder is sent, once, whatever happens to the peer or to us meanwhile. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnsweredOutcome,
  DicomError,
  type FileError,
  isPassingStatus,
  type Location,
  NoPresentationContext,
  NotAnInstance,
  type PathFilter,
  type StoreFilesOptions,
  type StoreOutcome,
} from '../index.js';
import { sentence } from './application.js';
import { CommandLineError } from './command-line-error.js';
import type { Log } from './log.js';
import type { PathSource } from './path-source.js';
import { fileMessageOf } from './printable.js';
import { type RetryEvent, retryInWords, retryOptions } from './retry-log.js';
import type { StorescuOptions } from './storescu-options.js';
import { isOfSystem, nameIn, pathIn, versionOf, WatchedFolder } from './watch-folder.js';
import { isSameVersion, Journal, type Version } from './watch-journal.js';
import { type Lock, lock } from './watch-lock.js';

/** What is under way when a signal comes may end within this time; service managers kill after ten seconds. */
const GRACE_MS = 8000;
/** Names that are missed are forgotten after this time: a share that was not mounted for a moment has not lost its files. */
const MISSING_MS = 60 * 60 * 1000;
const UNREADABLE_AGAIN_MS = 30_000;
const STATE_NAME = '.netdicom-watch';

/**
 * @param accept see `pathFilter`
 * @throws {CommandLineError} options that do not go together, no such folder
 * @throws {Error} the state cannot be used, or another process uses it
 */
export function watchFolder(options: StorescuOptions, accept: PathFilter | undefined, log: Log): PathSource {
  const directory = options.watch ?? '';
  const other = otherOption(options);
  if (other !== undefined) throw new CommandLineError(`--watch: not together with ${other}`);
  try {
    if (!statSync(directory).isDirectory()) throw new Error('not a directory');
  } catch (error) {
    throw new CommandLineError(`--watch: cannot watch ${directory}: ${fileMessageOf(error)}`, { cause: error });
  }
  return new Watch(directory, options, accept, log);
}

/** What says otherwise where files come from, or how often they are sent. */
function otherOption({ paths, filesFrom, dryRun, repeat, retry }: StorescuOptions): string | undefined {
  if (paths.length > 0) return 'dcmfile';
  if (filesFrom !== undefined) return '--files-from';
  if (dryRun) return '--dry-run';
  if (repeat !== 1) return '--repeat';
  return retry > 0 ? '--retry, since it tries for ever' : undefined;
}

class Watch implements PathSource {
  readonly areAny = true;
  readonly mayBeNone = true;
  readonly work: Partial<StoreFilesOptions>;
  readonly #directory: string;
  readonly #log: Log;
  readonly #peer: string;
  readonly #lock: Lock;
  readonly #journal: Journal;
  readonly #folder: WatchedFolder;
  readonly #finish = new AbortController();
  /** What has been given to be sent and has no outcome yet. */
  readonly #underWay = new Map<string, { readonly name: string; readonly version: Version }>();
  /** Files that cannot be read, and when they are looked at again. */
  readonly #unreadable = new Map<string, number>();
  /** Files that are not there any more, and since when. */
  readonly #missing = new Map<string, number>();
  #isPeerAway = false;

  constructor(directory: string, options: StorescuOptions, accept: PathFilter | undefined, log: Log) {
    const { host, port, calledAeTitle, recurse, watchSettleMs: settleMs } = options;
    this.#directory = directory;
    this.#log = log;
    this.#peer = `${host}:${port}`;
    const state = options.watchState ?? join(directory, STATE_NAME);
    try {
      this.#lock = lock(`${state}.lock`);
    } catch (error) {
      throw new Error(`cannot keep state in ${state}: ${fileMessageOf(error)}`, { cause: error });
    }
    try {
      this.#journal = new Journal(state, `${calledAeTitle}@${this.#peer}`);
    } catch (error) {
      this.#lock.release();
      throw new Error(`cannot keep state in ${state}: ${fileMessageOf(error)}`, { cause: error });
    }
    this.#folder = new WatchedFolder({ directory, recurse, accept, settleMs }, this.#folderUser());
    this.work = {
      retry: { ...retryOptions(options), times: Infinity },
      finish: this.#finish.signal,
      answered: (outcome) => this.#onAnswered(outcome),
    };
    log.info(`Watching ${directory}: ${this.#journal.size} files are known`);
  }

  get paths(): AsyncIterable<Location> {
    return this.#give();
  }

  stop(onTimeUp: () => void): void {
    this.#finish.abort();
    this.#folder.close();
    setTimeout(onTimeUp, GRACE_MS).unref();
  }

  close(): void {
    this.#folder.close();
    this.#journal.close();
    this.#lock.release();
  }

  tellOutcome(outcome: StoreOutcome): void {
    if (!('path' in outcome)) return;
    const given = this.#underWay.get(outcome.path);
    this.#underWay.delete(outcome.path);
    if (given === undefined) return;
    const { name, version } = given;
    if (outcome.type === 'refused' && !isPassingStatus(outcome.status.code))
      this.#journal.record(name, outcome.instance, 'refused');
    else if (outcome.type === 'not-sent' && outcome.error instanceof NoPresentationContext)
      this.#journal.record(name, version, 'refused');
    else if (outcome.type === 'not-sent') this.#onNotSent(name, version, outcome);
  }

  /** The first failure of each kind is told; after hours there would be thousands. */
  tellRetry(event: RetryEvent, describe: (error: unknown) => string): void {
    const isFirst = event.type === 'file-retry' ? event.outcome.attempts === 1 : !this.#isPeerAway;
    if (event.type === 'association-retry') this.#isPeerAway = true;
    const message = `${retryInWords(event, describe)}; trying again until it passes`;
    if (isFirst) this.#log.warning(message);
    else this.#log.debug(message);
  }

  async *#give(): AsyncGenerator<Location, void, void> {
    for await (const { path, name, version } of this.#folder.ready()) {
      this.#underWay.set(path, { name, version });
      yield path;
    }
  }

  /** At once: what is not on record is sent again after a kill. */
  #onAnswered({ type, path, instance }: AnsweredOutcome): void {
    if (this.#isPeerAway) this.#log.warning(`${this.#peer} answers again`);
    this.#isPeerAway = false;
    const given = this.#underWay.get(path);
    if (type !== 'stored' || given === undefined) return;
    try {
      this.#journal.record(given.name, instance, 'stored');
    } catch (error) {
      throw new Error(`cannot keep state: ${fileMessageOf(error)}`, { cause: error });
    }
    this.#log.info(`Stored: ${path}`);
  }

  /** One that cannot be read now, or has changed, is looked at again. */
  #onNotSent(name: string, version: Version, { path, error }: Extract<StoreOutcome, { type: 'not-sent' }>): void {
    if (isOfSystem(error.cause)) this.#unreadable.set(name, performance.now() + UNREADABLE_AGAIN_MS);
    else if (isUnchanged(path, version)) this.#journal.record(name, version, 'unfit');
  }

  #folderUser() {
    return {
      isDone: (name: string, version: Version) => this.#isDone(name, version),
      onUnfit: (name: string, version: Version, error: FileError) => {
        this.#journal.record(name, version, 'unfit');
        const isSkipped = error instanceof NotAnInstance;
        this.#log.warning(`${isSkipped ? 'Skipped' : 'Left until it changes'}: ${error.message}`);
      },
      onUnreadable: (path: string, error: unknown) => this.#onUnreadable(path, error),
      onScanned: (names: ReadonlySet<string>) => this.#onScanned(names),
    };
  }

  #isDone(name: string, version: Version): boolean {
    if (this.#underWay.has(pathIn(this.#directory, name))) return true;
    const again = this.#unreadable.get(name);
    if (again !== undefined && again > performance.now()) return true;
    return this.#journal.fateOf(name, version) !== undefined;
  }

  /** Told once, until it can be read. */
  #onUnreadable(path: string, error: unknown): void {
    const name = nameIn(this.#directory, path);
    const why = error instanceof DicomError ? sentence(error) : `Cannot look at ${path}: ${fileMessageOf(error)}`;
    if (!this.#unreadable.has(name)) this.#log.warning(why);
    this.#unreadable.set(name, performance.now() + UNREADABLE_AGAIN_MS);
  }

  #onScanned(names: ReadonlySet<string>): void {
    for (const name of this.#unreadable.keys()) if (!names.has(name)) this.#unreadable.delete(name);
    // Where nothing is, something is missing: a file system that is not mounted looks like this.
    if (names.size === 0) return;
    const now = performance.now();
    for (const name of this.#missing.keys()) if (names.has(name)) this.#missing.delete(name);
    const gone: string[] = [];
    for (const name of this.#journal.paths()) {
      if (names.has(name)) continue;
      const since = this.#missing.get(name) ?? now;
      this.#missing.set(name, since);
      if (now - since >= MISSING_MS) gone.push(name);
    }
    for (const name of gone) this.#missing.delete(name);
    this.#journal.forget(gone);
  }
}

function isUnchanged(path: string, version: Version): boolean {
  try {
    const now = versionOf(path);
    return now !== undefined && isSameVersion(version, now);
  } catch {
    // It is looked at again, and told of if it still cannot be.
    return false;
  }
}
