/** What some senders put before a data set, though it is none of it: taken off on the way in. */
import { StatusError } from '../base/errors.js';
import { MAX_TOLERATED_UID_LENGTH, withoutPadding } from '../base/identifiers.js';
import {
  type ElementEncoding,
  headerSize,
  readHeader,
  SHORT_HEADER,
  UNDEFINED_LENGTH,
} from '../dataset/element-header.js';
import { transferSyntax } from '../dataset/transfer-syntax.js';
import { parseVr } from '../dataset/vr.js';
import { STATUS } from '../dimse/status.js';

const COMMAND_GROUP = 0x0000;
const META_GROUP = 0x0002;
const TRANSFER_SYNTAX_UID = 0x00020010;
/** `DICM`. */
const PREFIX = 0x4449434d;
/** Where the prefix stands in a file, with a preamble and without. */
const PREFIX_OFFSETS = [128, 0];
const PREFIX_BYTES = 4;
/** Enough to see whether this is a file. */
const FRONT_BYTES = 128 + PREFIX_BYTES + SHORT_HEADER;
const NOTHING = Buffer.alloc(0);

/**
 * Takes off elements of groups 0000 and 0002 (PS3.7 6.3.1, PS3.10 7.1: they are not part of a data set) before the first
 * other element, and the head of a whole file. In a file of ours they would be read as more of its meta information.
 * They come in the context's encoding, or in their own: Explicit VR Little Endian for 0002, Implicit for 0000.
 * Before deflated and private data sets only what shows by more than two bytes is: a file, or group 0002 with a VR.
 */
export class LeadingGroups {
  readonly #transferSyntaxUid: string;
  /** Of the data set; undefined if its elements cannot be seen. */
  readonly #encoding: ElementEncoding | undefined;
  /** Copied bytes that are too few to tell. */
  #held: Buffer = NOTHING;
  /** Bytes still to come of the element that is being taken off. */
  #skip = 0;
  #stage: 'front' | 'file' | 'elements' | 'data set' = 'front';

  constructor(transferSyntaxUid: string) {
    const syntax = transferSyntax(transferSyntaxUid);
    this.#transferSyntaxUid = transferSyntaxUid;
    this.#encoding = syntax?.deflated ? undefined : syntax;
  }

  /**
   * What there is of the data set in these views and those before them that were held: as a rule, all there is.
   * @throws {StatusError} C000H a file in another transfer syntax than the context's, an element without a length
   */
  takeOff(views: readonly Buffer[]): readonly Buffer[] {
    if (this.#isOver) return views;
    return views.map((view) => this.#takeOffView(view)).filter(isNotEmpty);
  }

  /** No more bytes will come: what was held is data set. */
  end(): readonly Buffer[] {
    if (this.#held.length === 0) return [];
    return [this.#held.subarray(this.#dataSetAt(this.#held, true))].filter(isNotEmpty);
  }

  #takeOffView(view: Buffer): Buffer {
    if (this.#isOver) return view;
    const bytes = this.#held.length === 0 ? view : Buffer.concat([this.#held, view]);
    const rest = bytes.subarray(this.#dataSetAt(bytes, false));
    this.#held = this.#isOver ? NOTHING : Buffer.from(rest);
    return this.#isOver ? rest : NOTHING;
  }

  get #isOver(): boolean {
    return this.#stage === 'data set';
  }

  /** Where the data set begins; or, if it does not yet, what is from where on to be looked at again with more. */
  #dataSetAt(bytes: Buffer, isAll: boolean): number {
    let at = 0;
    if (this.#stage === 'front') {
      if (bytes.length < FRONT_BYTES && !isAll) return at;
      const prefixAt = PREFIX_OFFSETS.find((offset) => isFile(bytes, offset));
      if (prefixAt !== undefined) at = prefixAt + PREFIX_BYTES;
      this.#stage = prefixAt === undefined ? 'elements' : 'file';
    }
    while (!this.#isOver) {
      const skipped = Math.min(this.#skip, bytes.length - at);
      this.#skip -= skipped;
      at += skipped;
      const size = this.#skip > 0 ? undefined : this.#sizeOfStray(bytes, at);
      if (size === undefined && !isAll) return at;
      if (size === undefined || size === 0) this.#stage = 'data set';
      else this.#skip = size;
    }
    return at;
  }

  /** Of the element at `at` if it has to go, 0 if not; undefined if there are too few bytes to tell. */
  #sizeOfStray(bytes: Buffer, at: number): number | undefined {
    const available = bytes.length - at;
    if (available < SHORT_HEADER) return undefined;
    const encoding = this.#encodingOfStray(bytes, at);
    if (encoding === undefined) return 0;
    const headerBytes = headerSize(bytes, at, encoding);
    if (available < headerBytes) return undefined;
    const { tag, length } = readHeader(bytes, at, headerBytes, encoding);
    if (length === UNDEFINED_LENGTH)
      throw new StatusError(STATUS.cannotUnderstand, 'an element of undefined length before the data set');
    if (this.#stage === 'file' && tag === TRANSFER_SYNTAX_UID && length <= MAX_TOLERATED_UID_LENGTH) {
      if (available < headerBytes + length) return undefined;
      this.#checkTransferSyntax(withoutPadding(bytes.toString('latin1', at + headerBytes, at + headerBytes + length)));
    }
    return headerBytes + length;
  }

  #encodingOfStray(bytes: Buffer, at: number): ElementEncoding | undefined {
    const explicitVr = parseVr(bytes.readUInt16BE(at + 4)) !== undefined;
    const group = bytes.readUInt16LE(at);
    if (group === META_GROUP && (explicitVr || this.#encoding !== undefined)) return { explicitVr, bigEndian: false };
    if (this.#encoding === undefined) return undefined;
    const { bigEndian } = this.#encoding;
    // Zeros are in either order; but nothing is in Implicit VR Big Endian.
    if (group === COMMAND_GROUP) return { explicitVr, bigEndian: bigEndian && explicitVr };
    return bigEndian && bytes.readUInt16BE(at) === META_GROUP ? { explicitVr, bigEndian } : undefined;
  }

  /** Elements of group 0002 alone may be left from a conversion; but the data set in a file is what the file says. */
  #checkTransferSyntax(uid: string): void {
    if (uid !== this.#transferSyntaxUid)
      throw new StatusError(STATUS.cannotUnderstand, `a file in ${uid} in place of the data set`);
  }
}

/** Whether the bytes are those of a file whose prefix is at `at`: by chance they look so once in 2^48 times. */
function isFile(bytes: Buffer, at: number): boolean {
  const groupAt = at + PREFIX_BYTES;
  return (
    bytes.length >= groupAt + SHORT_HEADER &&
    bytes.readUInt32BE(at) === PREFIX &&
    bytes.readUInt16LE(groupAt) === META_GROUP
  );
}

function isNotEmpty({ length }: Buffer): boolean {
  return length > 0;
}
