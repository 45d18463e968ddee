/** Programs that wait for their turn, a few at a time: first come, first served, but that of a study after those of its objects. */
import type { CommandTemplate } from './command-template.js';
import type { Log } from './log.js';
import { ProgramRun } from './program.js';

/** A run to come. */
export interface Job {
  /** `--exec`: whose command it is, for the log. */
  readonly option: string;
  readonly command: CommandTemplate;
  /** What it is for, for the log. */
  readonly what: string;
  readonly args: readonly string[];
  readonly studyInstanceUid: string | undefined;
  /** Begins when all runs for objects of its study that came before it have ended. */
  readonly isForStudy: boolean;
}

export interface ProgramQueueOptions {
  readonly jobs: number;
  readonly timeoutMs: number;
  /** Runs that may wait before those who have more are to wait themselves. Default 10,000, some ten megabytes. */
  readonly maxWaiting?: number;
}

const MAX_WAITING = 10_000;

export class ProgramQueue {
  readonly #options: ProgramQueueOptions;
  readonly #maxWaiting: number;
  readonly #log: Log;
  readonly #waiting: Job[] = [];
  readonly #running = new Map<Job, ProgramRun>();
  #hasBeenFull = false;
  #isStopped = false;
  /** Those who wait for a change. */
  #wake: (() => void)[] = [];

  constructor(options: ProgramQueueOptions, log: Log) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? MAX_WAITING;
    this.#log = log;
  }

  /** Resolves when there is room for it. */
  async add(job: Job): Promise<void> {
    while (this.#waiting.length >= this.#maxWaiting) {
      this.#tellFull();
      await this.#change();
    }
    if (this.#isStopped) this.#leaveOut(job);
    else this.#waiting.push(job);
    this.#begin();
  }

  /** Resolves when nothing waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0 || this.#waiting.length > 0) await this.#change();
  }

  /** Begins no more; what runs has a second to end. */
  stop(): void {
    this.#isStopped = true;
    for (const job of this.#waiting.splice(0)) this.#leaveOut(job);
    for (const run of this.#running.values()) run.stop();
    this.#tellChange();
  }

  /** What is for a study that has to wait holds back what came for that study after it, but no other. */
  #begin(): void {
    const running = new Set([...this.#running.keys()].map(({ studyInstanceUid }) => studyInstanceUid));
    const held = new Set<string | undefined>();
    for (let index = 0; index < this.#waiting.length && this.#running.size < this.#options.jobs; ) {
      const job = this.#waiting[index];
      if (job === undefined) return;
      const { isForStudy, studyInstanceUid } = job;
      if (held.has(studyInstanceUid) || (isForStudy && running.has(studyInstanceUid))) {
        held.add(studyInstanceUid);
        index++;
      } else {
        this.#waiting.splice(index, 1);
        running.add(studyInstanceUid);
        this.#run(job);
      }
    }
  }

  #run(job: Job): void {
    const { option, command, what, args } = job;
    const onLine = (line: string) => this.#log.info(`${option}: ${line}`);
    this.#log.info(`Running ${command.program} for ${what}`);
    const run = new ProgramRun({ program: command.program, args, timeoutMs: this.#options.timeoutMs, onLine });
    this.#running.set(job, run);
    void run.ended.then((failure) => {
      this.#running.delete(job);
      if (failure !== undefined) this.#log.warning(`${option} failed for ${what}: ${command.program}: ${failure}`);
      this.#begin();
      this.#tellChange();
    });
  }

  #leaveOut({ option, command, what }: Job): void {
    this.#log.warning(`${option} not run for ${what}: ${command.program}: storescp is stopping`);
  }

  #tellFull(): void {
    if (!this.#hasBeenFull)
      this.#log.warning(`${this.#maxWaiting} programs wait to be run: from now on answers wait for room as well`);
    this.#hasBeenFull = true;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake.push(resolve);
    });
  }

  #tellChange(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
