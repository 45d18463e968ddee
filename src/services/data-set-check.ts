/** Whether a passing data set can be understood and is the one that its command announced (PS3.4 B.2.3). */
import { DataSetError, StatusError } from '../base/errors.js';
import { inflateHead } from '../dataset/deflate.js';
import { DataSetScan } from '../dataset/scan.js';
import { type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import { STATUS } from '../dimse/status.js';

export interface Announced {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/** Deflated bytes that are sure to hold SOP class and instance, and what they may inflate to. */
const DEFLATED_HEAD_BYTES = 16 * 1024;
const INFLATED_HEAD_BYTES = 256 * 1024;

/**
 * Looks at the bytes as they come, and keeps none but the head of a deflated data set, of which only that is looked at.
 * A data set in a private transfer syntax cannot be looked into and passes.
 */
export class DataSetCheck {
  readonly #announced: Announced;
  readonly #syntax: TransferSyntax | undefined;
  readonly #scan: DataSetScan | undefined;
  #deflatedHead: Buffer | undefined;
  #compared = false;

  constructor(transferSyntaxUid: string, announced: Announced) {
    this.#announced = announced;
    this.#syntax = transferSyntax(transferSyntaxUid);
    if (this.#syntax === undefined) return;
    // It is stored as it came, and delimiters missing at its end keep nobody from reading it.
    this.#scan = new DataSetScan(this.#syntax, { missingDelimiters: 'accept' });
    if (this.#syntax.deflated) this.#deflatedHead = Buffer.alloc(0);
  }

  /** @throws {StatusError} A900H another instance than announced, C000H not a data set in its transfer syntax */
  feed(view: Buffer): void {
    if (this.#syntax?.deflated) this.#feedDeflated(view);
    else this.#understand((scan) => scan.feed(view));
  }

  /** No more bytes will come. @throws {StatusError} likewise */
  end(): void {
    if (this.#deflatedHead !== undefined) this.#inflateHead(this.#deflatedHead);
    else if (!this.#syntax?.deflated) this.#understand((scan) => scan.end());
    if (this.#scan?.result.isEmpty) throw new StatusError(STATUS.cannotUnderstand, 'there is nothing in the data set');
  }

  #feedDeflated(view: Buffer): void {
    if (this.#deflatedHead === undefined) return;
    const head = Buffer.concat([this.#deflatedHead, view.subarray(0, DEFLATED_HEAD_BYTES)]);
    this.#deflatedHead = head;
    if (head.length >= DEFLATED_HEAD_BYTES) this.#inflateHead(head);
  }

  #inflateHead(head: Buffer): void {
    this.#deflatedHead = undefined;
    this.#understand((scan) => scan.feed(inflateHead(head, INFLATED_HEAD_BYTES)));
    if (!this.#compared && this.#scan !== undefined) this.#compare(this.#scan.result);
  }

  #understand(look: (scan: DataSetScan) => void): void {
    const scan = this.#scan;
    if (scan === undefined) return;
    try {
      look(scan);
    } catch (error) {
      if (!(error instanceof DataSetError)) throw error;
      throw new StatusError(STATUS.cannotUnderstand, error.message, { cause: error });
    }
    if (!this.#compared && scan.result.headComplete) this.#compare(scan.result);
  }

  #compare(found: { readonly [Name in keyof Announced]: string | undefined }): void {
    this.#compared = true;
    // What the data set leaves out, as old files do, does not differ.
    const { sopClassUid = this.#announced.sopClassUid, sopInstanceUid = this.#announced.sopInstanceUid } = found;
    if (sopClassUid !== this.#announced.sopClassUid)
      throw new StatusError(STATUS.dataSetDoesNotMatch, 'SOP Class UID differs in command and data set');
    if (sopInstanceUid !== this.#announced.sopInstanceUid)
      throw new StatusError(STATUS.dataSetDoesNotMatch, 'SOP Instance UID differs in command and data set');
  }
}
