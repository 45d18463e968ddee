/** What storescp makes of its server's events: the lines of `--events`, the programs of `--exec` and `--exec-study`. */
import { type StorageEvent, StorageEvents } from '../index.js';
import type { DecodeText } from './character-set.js';
import { CommandLineError } from './command-line-error.js';
import type { CommandTemplate } from './command-template.js';
import { EventFile } from './event-file.js';
import { eventLine } from './event-line.js';
import { type InstanceArguments, instanceArguments, studyArguments } from './event-placeholders.js';
import type { HangUps } from './hang-ups.js';
import type { Log } from './log.js';
import { messageOf } from './printable.js';
import { checkProgram } from './program.js';
import { type Job, ProgramQueue } from './program-queue.js';
import type { StorescpOptions } from './storescp-options.js';

/** Checks all that can be checked before the first object comes. @throws {Error} one line */
export async function openEvents(
  options: StorescpOptions,
  log: Log,
  { hangUps, decoder }: { readonly hangUps: HangUps; readonly decoder: () => Promise<DecodeText> },
): Promise<EventReports | undefined> {
  const { events, execCommand, execStudyCommand, ignore } = options;
  const given = { '--events': events, '--exec': execCommand, '--exec-study': execStudyCommand };
  const [first] = Object.entries(given).filter(([, value]) => value !== undefined);
  if (first === undefined) return undefined;
  if (ignore) throw new CommandLineError(`${first[0]}: not with --ignore, which stores nothing`);
  assertRunnable('--exec', execCommand);
  assertRunnable('--exec-study', execStudyCommand);
  const decodeText = await decoder();
  const args = execCommand && instanceArguments(execCommand, decodeText);
  const { studyTimeoutMs } = options;
  const reports = new EventReports(new StorageEvents({ studyTimeoutMs, decodeText, attributes: args?.attributes }), {
    options,
    args,
    log,
  });
  if (events !== undefined) hangUps.onHangUp(() => reports.reopen());
  return reports;
}

function assertRunnable(option: string, command: CommandTemplate | undefined): void {
  try {
    if (command !== undefined) checkProgram(command.program);
  } catch (error) {
    throw new Error(`${option} ${command?.program}: ${messageOf(error)}`, { cause: error });
  }
}

interface Work {
  readonly options: StorescpOptions;
  /** With `--exec`. */
  readonly args: InstanceArguments | undefined;
  readonly log: Log;
}

/** For the reader of a pipe to take a line, once the server has ended: a signal may leave it less. */
const PATIENCE_MS = 8000;
/** After that, for one that reads still. */
const LAST_LINE_MS = 200;

/** Associations that something is remembered of. */
const MAX_REMEMBERED = 10_000;

/** Takes each event to its end before the next: an object is acknowledged after that. */
export class EventReports {
  /** For the server. */
  readonly events: StorageEvents;
  readonly #work: Work;
  readonly #file: EventFile | undefined;
  readonly #programs: ProgramQueue;
  readonly #consumed: Promise<void>;
  /** Associations of which it is told that an object belongs to no study. */
  readonly #withoutStudy = new Set<number>();
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(events: StorageEvents, work: Work) {
    const { options, log } = work;
    this.events = events;
    this.#work = work;
    this.#file = options.events === undefined ? undefined : new EventFile(options.events, log);
    this.#programs = new ProgramQueue({ jobs: options.execJobs, timeoutMs: options.execTimeoutMs }, log);
    this.#consumed = this.#consume();
  }

  /** Whoever has renamed the events file gets a new one. */
  reopen(): void {
    this.#file?.reopen();
  }

  /** What goes on may go on for `graceMs`; then programs are stopped, and nobody is waited for. May be called again to shorten it. */
  stop(graceMs: number): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      this.#programs.stop();
      this.#file?.limitWaiting(LAST_LINE_MS);
    }, graceMs);
  }

  /** After the server has ended: resolves when everything is written and every program has ended, or been stopped. */
  async finish(): Promise<void> {
    this.events.end();
    this.#file?.limitWaiting(PATIENCE_MS);
    await this.#consumed;
    await this.#programs.idle();
    clearTimeout(this.#graceTimer);
    this.#file?.close();
  }

  async #consume(): Promise<void> {
    for await (const event of this.events) {
      this.#tellWithoutStudy(event);
      if (this.#file !== undefined) await this.#file.write(eventLine(event));
      const job = this.#jobFor(event);
      if (job !== undefined) await this.#programs.add(job);
    }
  }

  /** Nobody is told when a study has ended that has no name. */
  #tellWithoutStudy(event: StorageEvent): void {
    const { options, log } = this.#work;
    if (event.type === 'association-ended') this.#withoutStudy.delete(event.association);
    if (event.type !== 'stored' || event.studyInstanceUid !== undefined) return;
    if (this.#withoutStudy.has(event.association)) return;
    if (options.events === undefined && options.execStudyCommand === undefined) return;
    // Ends of associations are left out where too many events wait.
    if (this.#withoutStudy.size > MAX_REMEMBERED) this.#withoutStudy.clear();
    this.#withoutStudy.add(event.association);
    log.warning(`No Study Instance UID that is one in SOP Instance ${event.sopInstanceUid}: no study ends with it`);
  }

  #jobFor(event: StorageEvent): Job | undefined {
    const { options, args } = this.#work;
    const { execCommand, execStudyCommand } = options;
    if (event.type === 'stored' && execCommand !== undefined && args !== undefined)
      return {
        option: '--exec',
        command: execCommand,
        what: event.path ?? '',
        args: args.of(event),
        studyInstanceUid: event.studyInstanceUid,
        isForStudy: false,
      };
    if (event.type === 'study-ended' && execStudyCommand !== undefined)
      return {
        option: '--exec-study',
        command: execStudyCommand,
        what: `study ${event.studyInstanceUid}`,
        args: studyArguments(execStudyCommand, event),
        studyInstanceUid: event.studyInstanceUid,
        isForStudy: true,
      };
    return undefined;
  }
}
