/** Whether a passing data set is whole, can be understood and is the one that its command announced (PS3.4 B.2.3). */
import { DataSetError, StatusError } from '../base/errors.js';
import type { AttributeCapture } from '../dataset/attribute-capture.js';
import { inflation, type ZlibPull } from '../dataset/deflate.js';
import { DataSetScan } from '../dataset/scan.js';
import { transferSyntax } from '../dataset/transfer-syntax.js';
import { STATUS } from '../dimse/status.js';

export interface Announced {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
}

/**
 * Looks at the bytes as they come and keeps none of them. A deflated data set is inflated for the look, piece by piece: the
 * work is that of reading what is inside, at most about a thousand times the bytes that came, and the peer waits for it as it
 * waits for a disk. A data set in a private transfer syntax cannot be looked into and passes.
 */
export class DataSetCheck {
  readonly #announced: Announced;
  readonly #scan: DataSetScan | undefined;
  readonly #inflation: ZlibPull | undefined;
  #isCompared = false;

  /** To be closed in the end. @param capture is given what it wants of the data set, if that can be looked into */
  constructor(transferSyntaxUid: string, announced: Announced, capture?: AttributeCapture) {
    const syntax = transferSyntax(transferSyntaxUid);
    this.#announced = announced;
    // It is stored as it came, and delimiters missing at its end keep nobody from reading it.
    this.#scan = syntax && new DataSetScan(syntax, { missingDelimiters: 'accept', capture });
    this.#inflation = syntax?.deflated ? inflation() : undefined;
  }

  /**
   * Looks at the next bytes, before this returns or, if it has to inflate them, before the promise settles.
   * @throws {StatusError} A900H another instance than announced, C000H not a data set in its transfer syntax
   */
  feed(views: readonly Buffer[]): Promise<void> | undefined {
    if (this.#inflation !== undefined) return this.#feedDeflated(views, this.#inflation);
    for (const view of views) this.#understand((scan) => scan.feed(view));
    return undefined;
  }

  /** No more bytes will come: throws, at once or in the promise, if the data set is not whole. @throws {StatusError} likewise */
  end(): Promise<void> | undefined {
    if (this.#inflation !== undefined) return this.#endDeflated(this.#inflation);
    this.#endScan();
    return undefined;
  }

  close(): void {
    this.#inflation?.close();
  }

  async #feedDeflated(views: readonly Buffer[], inflation: ZlibPull): Promise<void> {
    for (const view of views) await this.#inflate(inflation.write(view));
  }

  async #endDeflated(inflation: ZlibPull): Promise<void> {
    await this.#inflate(inflation.end());
    this.#endScan();
  }

  async #inflate(chunks: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const chunk of chunks) this.#understand((scan) => scan.feed(chunk));
    } catch (error) {
      throw asStatus(error);
    }
  }

  #endScan(): void {
    this.#understand((scan) => scan.end());
    if (this.#scan?.result.isEmpty) throw new StatusError(STATUS.cannotUnderstand, 'there is nothing in the data set');
  }

  #understand(look: (scan: DataSetScan) => void): void {
    const scan = this.#scan;
    if (scan === undefined) return;
    try {
      look(scan);
    } catch (error) {
      throw asStatus(error);
    }
    if (!this.#isCompared && scan.result.headComplete) this.#compare(scan.result);
  }

  #compare(found: { readonly [Name in keyof Announced]: string | undefined }): void {
    this.#isCompared = true;
    // What the data set leaves out or empty, as old files do, does not differ.
    if (found.sopClassUid && found.sopClassUid !== this.#announced.sopClassUid)
      throw new StatusError(STATUS.dataSetDoesNotMatch, 'SOP Class UID differs in command and data set');
    if (found.sopInstanceUid && found.sopInstanceUid !== this.#announced.sopInstanceUid)
      throw new StatusError(STATUS.dataSetDoesNotMatch, 'SOP Instance UID differs in command and data set');
  }
}

function asStatus(error: unknown): unknown {
  return error instanceof DataSetError
    ? new StatusError(STATUS.cannotUnderstand, error.message, { cause: error })
    : error;
}
