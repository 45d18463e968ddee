/** What a caller of `storeFiles` says, and what it is told. */
import type { AcceptedContext } from '../acse/negotiate.js';
import type { DimseResponse } from '../dimse/messages.js';
import type { Status } from '../dimse/status.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { Peer } from '../net/requestor.js';
import type { PathFilter } from './input-files.js';
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
  /** Is told what happens to each file before its outcome. */
  readonly report?: ((event: StoreEvent) => void) | undefined;
  /** Is told, many times a file, how many bytes of its data set have been taken for sending since its request began. */
  readonly progress?: ((instance: InstanceFile, bytes: number) => void) | undefined;
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
  | { readonly type: 'association-missing'; readonly error: Error };

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

/** What became of one request: a file that was sent, a file that could not be, or the C-ECHO. */
export type StoreOutcome =
  | ({
      readonly type: 'stored' | 'refused';
      readonly path: string;
      readonly instance: InstanceFile;
      readonly status: Status;
      readonly response: DimseResponse;
    } & Transfer)
  /** `instance`: if it could be looked into. */
  | { readonly type: 'not-sent'; readonly path: string; readonly instance?: InstanceFile; readonly error: Error }
  /** The association was lost before the response: nobody knows whether it is stored. `error` is what ends the run. */
  | ({
      readonly type: 'unanswered';
      readonly path: string;
      readonly instance: InstanceFile;
      readonly error: Error;
    } & Transfer)
  | { readonly type: 'verified'; readonly status: Status }
  | { readonly type: 'not-verified'; readonly error: Error };
