/** `storescu --watch`: what appears in a folder is sent, once, whatever happens to the peer or to us meanwhile. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AnsweredOutcome,
  DicomError,
  type FileError,
  type FilesMeasure,
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
import { type Lock, lock } from './file-lock.js';
import { assertReplaceable, behindLinks } from './links.js';
import type { Log } from './log.js';
import { ownFilesIn } from './own-files.js';
import type { PathSource } from './path-source.js';
import { fileMessageOf } from './printable.js';
import { type RetryEvent, refusalInWords, retryInWords, retryOptions } from './retry-log.js';
import type { StorescuOptions } from './storescu-options.js';
import { isInAnyOf, isOfSystem, nameIn, pathIn, versionOf, WatchedFolder } from './watch-folder.js';
import { type Fate, isSameVersion, Journal, type Version } from './watch-journal.js';

/** What is under way when a signal comes may end within this time; service managers kill after ten seconds. */
const GRACE_MS = 8000;
/** Names that are missed are forgotten after this time: a share that was not mounted for a moment has not lost its files. */
const MISSING_MS = 60 * 60 * 1000;
/** Until a file is looked at again that could not be read, that the peer accepts no context for, that waits with too many others. */
const AGAIN_MS = { unreadable: 30_000, refusedContext: 60 * 60 * 1000, crowded: 60_000 };
/** What is left for a while. */
interface PutOff {
  readonly why: keyof typeof AGAIN_MS;
  /** Of a file, if it could be looked at. */
  readonly version: Version | undefined;
  readonly untilMs: number;
}

/** The default of `--watch-settle`. */
const SETTLE_MS = 3000;
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
  const state = options.watchState ?? join(directory, STATE_NAME);
  let isOwn: (name: string) => boolean;
  try {
    if (!statSync(directory).isDirectory()) throw new Error('not a directory');
    isOwn = ownFilesIn(directory, { state, report: options.reportFile });
  } catch (error) {
    throw new CommandLineError(`--watch: cannot watch ${directory}: ${fileMessageOf(error)}`, { cause: error });
  }
  const isWanted: PathFilter = (name, kind) => !isOwn(name) && (accept?.(name, kind) ?? true);
  return new Watch({ directory, state: behindLinks(state), accept: isWanted }, options, log);
}

/** What says otherwise where files come from, or how often they are sent. */
function otherOption(options: StorescuOptions): string | undefined {
  const { paths, filesFrom, dryRun, repeat, retry, resumeFile } = options;
  if (paths.length > 0) return 'dcmfile';
  if (filesFrom !== undefined) return '--files-from';
  if (dryRun) return '--dry-run';
  if (repeat !== 1) return '--repeat';
  if (resumeFile !== undefined) return '--resume, since it remembers what was sent';
  return retry > 0 ? '--retry, since it tries for ever' : undefined;
}

/** A file that is to be sent. */
interface Given {
  readonly name: string;
  readonly version: Version;
}

class Watch implements PathSource {
  readonly areAny = true;
  readonly mayBeNone = true;
  readonly isEndless = true;
  readonly work: Partial<StoreFilesOptions>;
  readonly #directory: string;
  readonly #state: string;
  readonly #log: Log;
  readonly #peer: string;
  readonly #lock: Lock;
  readonly #journal: Journal;
  readonly #folder: WatchedFolder;
  readonly #finish = new AbortController();
  /** What has been given to be sent and has no outcome yet. */
  readonly #underWay = new Map<string, Given>();
  /** What was found at the path that was given last: nothing, if it leads to others by now. */
  #isFound = false;
  #given: string | undefined;
  /** Files that are left for a while, and folders that cannot be read; why, and until when. */
  readonly #putOff = new Map<string, PutOff>();
  /** Files that are not there any more, and since when. */
  readonly #missing = new Map<string, number>();
  #isPeerAway = false;
  #found: FilesMeasure = { files: 0, bytes: 0 };
  #tellFound: ((found: FilesMeasure) => void) | undefined;
  /** Why the state cannot be kept: nothing more is begun then. */
  #failure: Error | undefined;

  constructor(
    { directory, state, accept }: { readonly directory: string; readonly state: string; readonly accept: PathFilter },
    options: StorescuOptions,
    log: Log,
  ) {
    const { host, port, calledAeTitle, recurse, watchSettleMs: settleMs = SETTLE_MS } = options;
    this.#directory = directory;
    this.#log = log;
    this.#peer = `${host}:${port}`;
    this.#state = state;
    try {
      assertReplaceable(state);
      this.#lock = lock(`${state}.lock`, (error) => this.#fail(error));
    } catch (error) {
      throw this.#stateError(error);
    }
    try {
      this.#journal = new Journal(state, `${calledAeTitle}@${this.#peer}`);
    } catch (error) {
      this.#lock.release();
      throw this.#stateError(error);
    }
    this.#folder = new WatchedFolder({ directory, recurse, accept, settleMs }, this.#folderUser());
    this.work = {
      retry: { ...retryOptions(options), times: Infinity },
      finish: this.#finish.signal,
      answered: (outcome) => this.#onAnswered(outcome),
      leaveOut: ({ path }) => {
        if (path === this.#given) this.#isFound = true;
        return false;
      },
    };
    log.info(`Watching ${directory}: ${this.#journal.size} files are known`);
  }

  get paths(): AsyncIterable<Location> {
    return this.#give();
  }

  follow(tell: (found: FilesMeasure) => void): void {
    this.#tellFound = tell;
    tell(this.#found);
  }

  stop(onTimeUp: () => void): void {
    this.#finish.abort();
    this.#folder.close();
    setTimeout(onTimeUp, GRACE_MS).unref();
  }

  close(): void {
    this.#folder.close();
    for (const end of [() => this.#journal.close(), () => this.#lock.release()])
      try {
        end();
      } catch (error) {
        this.#fail(error);
      }
    if (this.#failure !== undefined) throw this.#failure;
  }

  tellOutcome(outcome: StoreOutcome): 'again' | undefined {
    if (!('path' in outcome)) return undefined;
    const given = this.#underWay.get(outcome.path);
    this.#underWay.delete(outcome.path);
    if (given === undefined) return undefined;
    const comesAgain = this.#settle(given, outcome);
    if (comesAgain === 'again') this.#count(-1, given.version);
    return comesAgain;
  }

  #settle({ name, version }: Given, outcome: Extract<StoreOutcome, { readonly path: string }>): 'again' | undefined {
    if (outcome.type === 'refused') return this.#onRefused(name, outcome);
    if (outcome.type !== 'not-sent') return undefined;
    // It may be the peer that is configured wrongly, and the file has nothing to do with it.
    if (outcome.error instanceof NoPresentationContext)
      return this.#isFirstTime(name, 'refusedContext', version) ? undefined : 'again';
    if (isOfSystem(outcome.error.cause)) return this.#isFirstTime(name, 'unreadable', version) ? undefined : 'again';
    // One that has changed is looked at again.
    if (isUnchanged(outcome.path, version)) this.#record(name, version, 'unfit');
    return undefined;
  }

  /** What may pass comes here if too many others wait to be tried again, or if there is no more time for it. */
  #onRefused(name: string, outcome: AnsweredOutcome): 'again' | undefined {
    if (!isPassingStatus(outcome.status.code)) this.#record(name, outcome.instance, 'refused');
    else if (!this.#finish.signal.aborted) {
      if (this.#isFirstTime(name, 'crowded', outcome.instance))
        this.#log.warning(`${refusalInWords(outcome)}; trying again until it passes`);
      return 'again';
    }
    return undefined;
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
      this.#count(1, version);
      this.#given = path;
      this.#isFound = false;
      yield path;
      // A folder or DICOMDIR by now, whose files have names of their own, or nothing that can be read, which the next look shows.
      if (!this.#isFound) this.#underWay.delete(path);
    }
  }

  /** At once: what is not on record is sent again after a kill. */
  #onAnswered({ type, path, instance }: AnsweredOutcome): void {
    if (this.#isPeerAway) this.#log.warning(`${this.#peer} answers again`);
    this.#isPeerAway = false;
    const given = this.#underWay.get(path);
    if (type !== 'stored' || given === undefined) return;
    if (this.#record(given.name, instance, 'stored')) this.#log.info(`Stored: ${path}`);
  }

  #count(files: number, { size }: Version): void {
    const { files: filesBefore, bytes } = this.#found;
    this.#found = { files: filesBefore + files, bytes: bytes + files * size };
    this.#tellFound?.(this.#found);
  }

  /** @returns whether it is on record */
  #record(name: string, version: Version, fate: Fate): boolean {
    this.#putOff.delete(name);
    return this.#keep(() => this.#journal.record(name, version, fate));
  }

  #keep(write: () => void): boolean {
    if (this.#failure !== undefined) return false;
    try {
      this.#lock.check();
      write();
      return true;
    } catch (error) {
      this.#fail(error);
      return false;
    }
  }

  /** What is under way has its end, and `close` says why there is no more. */
  #fail(error: unknown): void {
    this.#failure ??= this.#stateError(error);
    this.#finish.abort();
    this.#folder.close();
  }

  #stateError(error: unknown): Error {
    return new Error(`cannot keep state in ${this.#state}: ${fileMessageOf(error)}`, { cause: error });
  }

  /** Leaves a file, until it changes, or a folder for a while. @returns whether that is for a new reason, which is to be told */
  #isFirstTime(name: string, why: keyof typeof AGAIN_MS, version: Version | undefined): boolean {
    const before = this.#putOff.get(name);
    this.#putOff.set(name, {
      why,
      version: version && versionAlone(version),
      untilMs: performance.now() + AGAIN_MS[why],
    });
    return before?.why !== why || !isOfVersion(before, version);
  }

  #folderUser() {
    return {
      isDone: (name: string, version: Version) => this.#isDone(name, version),
      onUnfit: (name: string, version: Version, error: FileError) => {
        this.#record(name, version, 'unfit');
        const isSkipped = error instanceof NotAnInstance;
        this.#log.warning(`${isSkipped ? 'Skipped' : 'Left until it changes'}: ${error.message}`);
      },
      onUnreadable: (path: string, error: unknown, version?: Version) => this.#onUnreadable(path, error, version),
      onScanned: (names: ReadonlySet<string>, unread: readonly string[]) => this.#onScanned(names, unread),
    };
  }

  #isDone(name: string, version: Version): boolean {
    if (this.#underWay.has(pathIn(this.#directory, name))) return true;
    const putOff = this.#putOff.get(name);
    if (putOff !== undefined && isOfVersion(putOff, version) && putOff.untilMs > performance.now()) return true;
    return this.#journal.fateOf(name, version) !== undefined;
  }

  /** Told once of each version, until it can be read. */
  #onUnreadable(path: string, error: unknown, version: Version | undefined): void {
    const name = nameIn(this.#directory, path);
    const why = error instanceof DicomError ? sentence(error) : `Cannot look at ${path}: ${fileMessageOf(error)}`;
    if (this.#isFirstTime(name, 'unreadable', version)) this.#log.warning(why);
  }

  #onScanned(names: ReadonlySet<string>, unread: readonly string[]): void {
    const isThere = (name: string) => names.has(name) || isInAnyOf(unread, name);
    for (const name of this.#putOff.keys()) if (!isThere(name)) this.#putOff.delete(name);
    // Where nothing is, something is missing: a file system that is not mounted looks like this.
    if (names.size === 0) return;
    const now = performance.now();
    for (const name of this.#missing.keys()) if (isThere(name)) this.#missing.delete(name);
    const gone: string[] = [];
    for (const name of this.#journal.paths()) {
      if (isThere(name)) continue;
      const since = this.#missing.get(name) ?? now;
      this.#missing.set(name, since);
      if (now - since >= MISSING_MS) gone.push(name);
    }
    for (const name of gone) this.#missing.delete(name);
    if (gone.length > 0) this.#keep(() => this.#journal.forget(gone));
  }
}

/** What else is known of a file is not to be kept for hours. */
function versionAlone({ size, modifiedMs, changedMs, inode }: Version): Version {
  return { size, modifiedMs, changedMs, inode };
}

/** Whether what was put off is this version, as far as it has any that is known. */
function isOfVersion(putOff: PutOff, version: Version | undefined): boolean {
  if (putOff.version === undefined || version === undefined) return putOff.version === version;
  return isSameVersion(putOff.version, version);
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
