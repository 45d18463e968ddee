/** What a caller of `storeFiles` says, and what it is told. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { UsageError } from '../base/errors.js';
import { type DimseResponse, PRIORITY } from '../dimse/messages.js';
import type { Status } from '../dimse/status.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { Peer } from '../net/requestor.js';
import { checkSignals } from '../net/signals.js';
import type { PathFilter } from './folder-walk.js';
import type { RetryOptions } from './retry-options.js';
import type { StoreInstanceOptions } from './store-instance.js';

/** Which files are taken, and what is proposed for them. */
export interface SelectFilesOptions extends Pick<StoreInstanceOptions, 'decompress'> {
  /** Look into the directories of a directory too. Default false. */
  readonly recurse?: boolean | undefined;
  /** Which of the files and folders in a directory are taken. Default all. */
  readonly accept?: PathFilter | undefined;
  /** Native transfer syntaxes to propose for each SOP class, in one context. Default: Implicit VR Little Endian. */
  readonly transferSyntaxes?: readonly string[] | undefined;
  /** Propose each file's own transfer syntax first, so that its bytes go out as they are. Default false. */
  readonly proposeOwn?: boolean | undefined;
  /** Of a file that can be sent: whether it is left out, since it was sent before, say. Default none. */
  readonly leaveOut?: ((instance: InstanceFile) => boolean) | undefined;
  /** Begin with C-ECHO. Default false. */
  readonly verify?: boolean | undefined;
}

/** Whom to send to, and what to do when something fails. */
export interface StoreFilesOptions extends Peer, SelectFilesOptions, Omit<StoreInstanceOptions, 'onTurn'> {
  /** How often each request is sent. Default 1; 0 only associates. */
  readonly repeat?: number | undefined;
  /** How many associations at once, as far as the peer takes them. Default 1. */
  readonly associations?: number | undefined;
  /** Stop after the first file that was not stored. Default false. */
  readonly haltOnFailure?: boolean | undefined;
  /** How to end an association after its last response. Default release. */
  readonly endWith?: 'release' | 'abort' | undefined;
  /** What has failed and may pass is tried again. Default: nothing is. */
  readonly retry?: RetryOptions | undefined;
  /**
   * How long an association is kept, in milliseconds, while nothing is there to be sent but more may come: from `paths` that come one
   * by one, or to be tried again. Default 5,000; more than 24 days is 24 days.
   */
  readonly idleMs?: number | undefined;
  /** Once it aborts, nothing more is begun; what is under way goes on to its end and has its outcome, and then the run ends. */
  readonly finish?: AbortSignal | undefined;
  /**
   * Is told of each response at once, when the next request may be on its way already; among the outcomes it waits for those of the
   * files before it, and does not come at all if the file is tried again.
   */
  readonly answered?: ((outcome: AnsweredOutcome) => void) | undefined;
  /** Is told what happens to each file before its outcome. */
  readonly report?: ((event: StoreEvent) => void) | undefined;
  /** Is told, many times a file, how many bytes of its data set have been taken for sending, which may begin ahead of its request. */
  readonly progress?: ((instance: InstanceFile, bytes: number) => void) | undefined;
}

/** @throws {UsageError} naming the option that is out of range; the peer's are looked at when an association is requested */
export function checkStoreFilesOptions(options: StoreFilesOptions): void {
  const { repeat = 0, associations = 1, idleMs = 0, priority = 'low', signal, finish } = options;
  checkSignals({ signal, finish });
  if (!Object.hasOwn(PRIORITY, priority))
    throw new UsageError(`priority ${priority} is none of ${Object.keys(PRIORITY).join(', ')}`);
  if (!(Number.isSafeInteger(repeat) && repeat >= 0))
    throw new UsageError(`repeat ${repeat} is not a whole number from 0 up`);
  if (!(Number.isSafeInteger(associations) && associations >= 1))
    throw new UsageError(`associations ${associations} is not a whole number from 1 up`);
  if (!(idleMs >= 0)) throw new UsageError(`idleMs ${idleMs} is not a number of milliseconds from 0 up`);
}

/** What is no outcome: a file is found but left out, is odd, is on its way now. */
export type StoreEvent =
  | { readonly type: 'skipped'; readonly path: string; readonly error: Error }
  | { readonly type: 'warning'; readonly path: string; readonly message: string }
  | { readonly type: 'sending'; readonly instance: InstanceFile }
  /** `leaveOut` said so. */
  | { readonly type: 'left-out'; readonly instance: InstanceFile }
  /** The run has ended early: these files, and others unless that is all, were not put to an association. Comes last. */
  | { readonly type: 'left'; readonly paths: readonly string[]; readonly isAll: boolean }
  /** One of several associations could not be had; the others go on. */
  | { readonly type: 'association-missing'; readonly error: Error }
  /** What may pass: the file is sent again in `delayMs`, and has no outcome yet. */
  | { readonly type: 'file-retry'; readonly outcome: FailedOutcome; readonly delayMs: number }
  /** There is no association, or it was lost: another is requested in `delayMs`. Files that it did not answer are sent again. */
  | { readonly type: 'association-retry'; readonly error: Error; readonly delayMs: number };

/** How a file has gone over the network. */
export interface Transfer {
  /** Its transfer syntax is what the data set was sent in: converted, if that is not the file's own. */
  readonly context: AcceptedContext;
  /** Of the data set, as sent; if there was no response, as far as it was taken for sending. */
  readonly bytes: number;
  /** From the first byte to the response, or to the loss of the association. */
  readonly ms: number;
  /** How often the request was sent, 1 for the first time. */
  readonly attempts: number;
}

/**
 * What became of one request: a file that was sent, a file that could not be, or the C-ECHO. `attempts` is 1 if it was tried once;
 * of what is tried again there is the last outcome alone.
 */
export type StoreOutcome =
  | ({
      readonly type: 'stored' | 'refused';
      readonly path: string;
      readonly instance: InstanceFile;
      readonly status: Status;
      readonly response: DimseResponse;
    } & Transfer)
  /** `instance`: if it could be looked into. */
  | {
      readonly type: 'not-sent';
      readonly path: string;
      readonly instance?: InstanceFile;
      readonly error: Error;
      readonly attempts: number;
    }
  /** The association was lost before the response: nobody knows whether it is stored. `error` is what ends the run. */
  | ({
      readonly type: 'unanswered';
      readonly path: string;
      readonly instance: InstanceFile;
      readonly error: Error;
    } & Transfer)
  | { readonly type: 'verified'; readonly status: Status }
  | { readonly type: 'not-verified'; readonly error: Error };

/** Of a file that the peer has answered. */
export type AnsweredOutcome = Extract<StoreOutcome, { type: 'stored' | 'refused' }>;
/** Of a file that may be stored by another try: `refused` or `unanswered`. */
export type FailedOutcome = AnsweredOutcome | Extract<StoreOutcome, { type: 'unanswered' }>;
