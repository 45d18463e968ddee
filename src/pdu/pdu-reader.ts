/** Chunks of a connection to control PDUs and P-DATA fragments: no byte of data is copied or waited for. */
import { ProtocolError } from '../base/errors.js';
import { decodePdu, PDU_TYPES, SHORT_BODY_LENGTH } from './codec.js';
import { COMMAND_BIT, LAST_BIT, PDU_HEADER, PDV_HEADER } from './p-data-block.js';
import type { ControlPdu } from './types.js';

/** A piece of one PDV, as it came. */
export interface PdvFragment {
  readonly type: 'P-DATA-TF';
  readonly presentationContextId: number;
  readonly isCommand: boolean;
  /** Set on the final piece of a message's command or data set only. */
  readonly isLast: boolean;
  /** A view of the chunk, good for as long as the chunk is. */
  readonly data: Buffer;
}

/** The peer broke the protocol (PS3.8 9.3.1); nothing comes after it. */
export interface InvalidPdu {
  readonly type: 'invalid';
  readonly error: ProtocolError;
}

export type ReceivedPdu = ControlPdu | PdvFragment | InvalidPdu;

export interface PduReaderLimits {
  /** The maximum length that we announced to the peer; 0 is unlimited. */
  readonly maxPDataLength: number;
  /** Longest A-ASSOCIATE variable field in bytes; 1 MiB unless given. */
  readonly maxControlLength?: number;
}

const MAX_CONTROL_LENGTH = 1024 * 1024;
const EMPTY = Buffer.alloc(0);
// The headers of a PDU and of a PDV have the same length, so they share one place to be gathered in.
const HEADER_LENGTH = PDU_HEADER satisfies typeof PDV_HEADER;

export class PduReader {
  readonly #maxPDataLength: number;
  readonly #maxControlLength: number;
  #awaiting: 'pdu-header' | 'control-body' | 'pdv-header' | 'pdv-data' | 'nothing' = 'pdu-header';
  readonly #header = Buffer.alloc(HEADER_LENGTH);
  #headerBytes = 0;

  #controlType = 0;
  #controlLength = 0;
  #control = EMPTY;
  #controlBytes = 0;

  #pDataLength = 0;
  /** Bytes of the P-DATA-TF after the PDV being read. */
  #afterPdv = 0;
  #pdvLeft = 0;
  #presentationContextId = 0;
  #messageControl = 0;

  constructor(limits: PduReaderLimits) {
    this.#maxPDataLength = limits.maxPDataLength === 0 ? Number.POSITIVE_INFINITY : limits.maxPDataLength;
    this.#maxControlLength = limits.maxControlLength ?? MAX_CONTROL_LENGTH;
  }

  /** Yields what the chunk brings, in order. To be run to its end before the next chunk; never throws for what a peer sent. */
  *feed(chunk: Buffer): Generator<ReceivedPdu, void, void> {
    try {
      for (let offset = 0; offset < chunk.length; ) {
        switch (this.#awaiting) {
          case 'pdu-header':
            offset = this.#gatherHeader(chunk, offset);
            if (this.#headerBytes === HEADER_LENGTH) this.#openPdu();
            break;
          case 'control-body': {
            const end = Math.min(chunk.length, offset + this.#controlLength - this.#controlBytes);
            const pdu = this.#takeControl(chunk.subarray(offset, end));
            offset = end;
            if (pdu !== undefined) yield pdu;
            break;
          }
          case 'pdv-header':
            offset = this.#gatherHeader(chunk, offset);
            if (this.#headerBytes < HEADER_LENGTH) break;
            this.#openPdv();
            if (this.#pdvLeft > 0) break;
            yield this.#fragment(EMPTY);
            this.#closePdv();
            break;
          case 'pdv-data': {
            const end = Math.min(chunk.length, offset + this.#pdvLeft);
            this.#pdvLeft -= end - offset;
            const data = chunk.subarray(offset, end);
            offset = end;
            yield this.#fragment(data);
            if (this.#pdvLeft === 0) this.#closePdv();
            break;
          }
          case 'nothing':
            return;
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#awaiting = 'nothing';
      yield { type: 'invalid', error };
    }
  }

  #gatherHeader(chunk: Buffer, from: number): number {
    let offset = from;
    while (this.#headerBytes < HEADER_LENGTH && offset < chunk.length)
      this.#header[this.#headerBytes++] = chunk[offset++] ?? 0;
    return offset;
  }

  #openPdu(): void {
    this.#headerBytes = 0;
    const type = this.#header.readUInt8(0);
    const length = this.#header.readUInt32BE(2);
    switch (type) {
      case PDU_TYPES['P-DATA-TF']:
        if (length > this.#maxPDataLength)
          throw invalid(`P-DATA-TF of ${length} bytes, over the announced ${this.#maxPDataLength}`, 2);
        this.#pDataLength = length;
        this.#afterPdv = length;
        this.#awaitPdv();
        return;
      case PDU_TYPES['A-ASSOCIATE-RQ']:
      case PDU_TYPES['A-ASSOCIATE-AC']:
        this.#openControl(type, length, this.#maxControlLength);
        return;
      case PDU_TYPES['A-ASSOCIATE-RJ']:
      case PDU_TYPES['A-RELEASE-RQ']:
      case PDU_TYPES['A-RELEASE-RP']:
      case PDU_TYPES['A-ABORT']:
        this.#openControl(type, length, SHORT_BODY_LENGTH);
        return;
      default:
        throw new ProtocolError('unrecognized-pdu', `no PDU has the type ${type}${notDicom(type)}`, 0);
    }
  }

  #openControl(type: number, length: number, maxLength: number): void {
    if (length < SHORT_BODY_LENGTH || length > maxLength)
      throw invalid(`PDU of type ${type} with a length of ${length} bytes`, 2);
    this.#controlType = type;
    this.#controlLength = length;
    this.#awaiting = 'control-body';
  }

  /** Returns the PDU once it is whole. Room is made for what has come, not for what was announced. */
  #takeControl(bytes: Buffer): ControlPdu | undefined {
    if (bytes.length === this.#controlLength) return this.#closeControl(bytes);
    const needed = this.#controlBytes + bytes.length;
    if (needed > this.#control.length) {
      const larger = Buffer.allocUnsafe(Math.min(this.#controlLength, Math.max(needed, 2 * this.#control.length)));
      this.#control.copy(larger, 0, 0, this.#controlBytes);
      this.#control = larger;
    }
    bytes.copy(this.#control, this.#controlBytes);
    this.#controlBytes = needed;
    return needed === this.#controlLength ? this.#closeControl(this.#control) : undefined;
  }

  #closeControl(body: Buffer): ControlPdu {
    this.#control = EMPTY;
    this.#controlBytes = 0;
    this.#awaiting = 'pdu-header';
    return decodePdu(this.#controlType, body);
  }

  #awaitPdv(): void {
    if (this.#afterPdv < PDV_HEADER)
      throw invalid(`${this.#afterPdv} bytes of P-DATA-TF where a PDV should be`, this.#offset());
    this.#awaiting = 'pdv-header';
  }

  /** PS3.8 9.3.5.1 and Annex E.2: of the message control header only bits 0 and 1 count. */
  #openPdv(): void {
    this.#headerBytes = 0;
    const length = this.#header.readUInt32BE(0);
    if (length < 2 || length > this.#afterPdv - 4)
      throw invalid(`PDV of ${length} bytes where ${this.#afterPdv - 4} are left`, this.#offset());
    this.#presentationContextId = this.#header.readUInt8(4);
    this.#messageControl = this.#header.readUInt8(5);
    this.#pdvLeft = length - 2;
    this.#afterPdv -= 4 + length;
    this.#awaiting = 'pdv-data';
  }

  #closePdv(): void {
    if (this.#afterPdv === 0) this.#awaiting = 'pdu-header';
    else this.#awaitPdv();
  }

  #fragment(data: Buffer): PdvFragment {
    return {
      type: 'P-DATA-TF',
      presentationContextId: this.#presentationContextId,
      isCommand: (this.#messageControl & COMMAND_BIT) !== 0,
      isLast: this.#pdvLeft === 0 && (this.#messageControl & LAST_BIT) !== 0,
      data,
    };
  }

  /** Where in the P-DATA-TF the next PDV begins. */
  #offset(): number {
    return PDU_HEADER + this.#pDataLength - this.#afterPdv;
  }
}

/** What a first byte most likely is if it is no PDU type. */
function notDicom(type: number): string {
  // RFC 8446 5.1: a handshake, or an alert.
  if (type === 0x16 || type === 0x15) return ': is it TLS?';
  return type >= 0x20 && type < 0x7f ? ': is it text, such as HTTP?' : '';
}

function invalid(message: string, offset: number): ProtocolError {
  return new ProtocolError('invalid-pdu-parameter-value', message, offset);
}
