/** What storescp makes of its server's events: the lines of `--events`, the programs of `--exec` and `--exec-study`. */
import { type InstanceStored, type StorageEvent, StorageEvents, type StudyEnded } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { type CommandTemplate, filledIn } from './command-template.js';
import { EventFile } from './event-file.js';
import { eventLine } from './event-line.js';
import { instanceValues, studyValues } from './event-placeholders.js';
import type { Log } from './log.js';
import { messageOf } from './printable.js';
import { checkProgram } from './program.js';
import { type Job, ProgramQueue } from './program-queue.js';
import type { StorescpOptions } from './storescp-options.js';

/** Checks all that can be checked before the first object comes. @throws {Error} one line */
export function openEvents(options: StorescpOptions, log: Log): EventReports | undefined {
  const { events, execCommand, execStudyCommand, ignore } = options;
  const given = { '--events': events, '--exec': execCommand, '--exec-study': execStudyCommand };
  const [first] = Object.entries(given).filter(([, value]) => value !== undefined);
  if (first === undefined) return undefined;
  if (ignore) throw new CommandLineError(`${first[0]}: not with --ignore, which stores nothing`);
  assertRunnable('--exec', execCommand);
  assertRunnable('--exec-study', execStudyCommand);
  return new EventReports(options, log);
}

function assertRunnable(option: string, command: CommandTemplate | undefined): void {
  try {
    if (command !== undefined) checkProgram(command.program);
  } catch (error) {
    throw new Error(`${option} ${command?.program}: ${messageOf(error)}`, { cause: error });
  }
}

/** Takes each event to its end before the next: an object is acknowledged after that. */
export class EventReports {
  /** For the server. */
  readonly events: StorageEvents;
  readonly #options: StorescpOptions;
  readonly #file: EventFile | undefined;
  readonly #programs: ProgramQueue;
  readonly #consumed: Promise<void>;
  #graceTimer: NodeJS.Timeout | undefined;

  constructor(options: StorescpOptions, log: Log) {
    const { studyTimeoutMs, events: path, execJobs, execTimeoutMs } = options;
    this.#options = options;
    this.events = new StorageEvents({ studyTimeoutMs });
    this.#file = path === undefined ? undefined : new EventFile(path, log);
    this.#programs = new ProgramQueue({ jobs: execJobs, timeoutMs: execTimeoutMs }, log);
    this.#consumed = this.#consume();
  }

  /** What goes on may go on for `graceMs`; then programs are stopped, and nobody is waited for. May be called again to shorten it. */
  stop(graceMs: number): void {
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(() => {
      this.#programs.stop();
      this.#file?.giveUp();
    }, graceMs);
  }

  /** After the server has ended: resolves when everything is written and every program has ended, or been stopped. */
  async finish(): Promise<void> {
    this.events.end();
    await this.#consumed;
    await this.#programs.idle();
    clearTimeout(this.#graceTimer);
    this.#file?.close();
  }

  async #consume(): Promise<void> {
    for await (const event of this.events) {
      if (this.#file !== undefined) await this.#file.write(eventLine(event));
      const job = this.#jobFor(event);
      if (job !== undefined) await this.#programs.add(job);
    }
  }

  #jobFor(event: StorageEvent): Job | undefined {
    const { execCommand, execStudyCommand } = this.#options;
    if (event.type === 'stored' && execCommand !== undefined) return instanceJob(event, execCommand);
    if (event.type === 'study-ended' && execStudyCommand !== undefined) return studyJob(event, execStudyCommand);
    return undefined;
  }
}

function instanceJob(event: InstanceStored, command: CommandTemplate): Job {
  const { path = '', studyInstanceUid } = event;
  const args = filledIn(command, instanceValues(event));
  return { option: '--exec', command, what: path, args, studyInstanceUid, isForStudy: false };
}

function studyJob(event: StudyEnded, command: CommandTemplate): Job {
  const { studyInstanceUid } = event;
  const args = filledIn(command, studyValues(event));
  return {
    option: '--exec-study',
    command,
    what: `study ${studyInstanceUid}`,
    args,
    studyInstanceUid,
    isForStudy: true,
  };
}
