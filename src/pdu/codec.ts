/** The seven PDUs of PS3.8 9.3 to bytes and back. */
import { ByteReader, ByteWriter } from '../base/cursor.js';
import { ProtocolError, UsageError } from '../base/errors.js';
import { excerpt } from '../base/printable.js';
import { ANSWERED_CONTEXT, PROPOSED_CONTEXT, USER_INFORMATION_AC, USER_INFORMATION_RQ } from './items.js';
import {
  afterReserved,
  fields,
  items,
  joined,
  type Layout,
  many,
  orEmpty,
  required,
  text,
  thenReserved,
  uint8,
  uint16,
} from './layout.js';
import { COMMAND_BIT, LAST_BIT, P_DATA_TF, PDU_HEADER } from './p-data-block.js';
import type { Abort, AssociateAc, AssociateRj, AssociateRq, ControlPdu, Pdu, Pdv } from './types.js';

/** First byte of each PDU (PS3.8 9.3.2 to 9.3.8). */
export const PDU_TYPES = {
  'A-ASSOCIATE-RQ': 0x01,
  'A-ASSOCIATE-AC': 0x02,
  'A-ASSOCIATE-RJ': 0x03,
  'P-DATA-TF': P_DATA_TF,
  'A-RELEASE-RQ': 0x05,
  'A-RELEASE-RP': 0x06,
  'A-ABORT': 0x07,
} as const satisfies Record<Pdu['type'], number>;

/** Bytes after the header of A-ASSOCIATE-RJ, A-RELEASE-RQ, A-RELEASE-RP and A-ABORT. */
export const SHORT_BODY_LENGTH = 4;
const AE_TITLE_LENGTH = 16;

/** PS3.8 Table 9-11: 16 characters whose leading and trailing spaces mean nothing; some peers pad with NUL. */
const aeTitle: Layout<string> = {
  write(writer, value) {
    if (value.length > AE_TITLE_LENGTH) throw new UsageError(`AE title "${excerpt(value)}" is too long`);
    writer.text(value.padEnd(AE_TITLE_LENGTH, ' '));
  },
  read: (reader) => reader.text(AE_TITLE_LENGTH).replace(/^[\0 ]+|[\0 ]+$/g, ''),
};

const ASSOCIATE_FIELDS = fields({
  protocolVersion: thenReserved(uint16, 2),
  calledAeTitle: aeTitle,
  callingAeTitle: thenReserved(aeTitle, 32),
});

const APPLICATION_CONTEXT = required(0x10, text, 'application context');

/** PS3.8 Table 9-11. */
const ASSOCIATE_RQ: Layout<Omit<AssociateRq, 'type'>> = joined(
  ASSOCIATE_FIELDS,
  items({
    applicationContext: APPLICATION_CONTEXT,
    presentationContexts: many(0x20, PROPOSED_CONTEXT),
    userInformation: orEmpty(0x50, USER_INFORMATION_RQ),
  }),
);

/** PS3.8 Table 9-17. */
const ASSOCIATE_AC: Layout<Omit<AssociateAc, 'type'>> = joined(
  ASSOCIATE_FIELDS,
  items({
    applicationContext: APPLICATION_CONTEXT,
    presentationContexts: many(0x21, ANSWERED_CONTEXT),
    userInformation: orEmpty(0x50, USER_INFORMATION_AC),
  }),
);

/** PS3.8 Table 9-21. */
const ASSOCIATE_RJ: Layout<Omit<AssociateRj, 'type'>> = fields({
  result: afterReserved(1, uint8),
  source: uint8,
  reason: uint8,
});

/** PS3.8 Table 9-26. */
const ABORT: Layout<Omit<Abort, 'type'>> = fields({ source: afterReserved(2, uint8), reason: uint8 });

/** The whole PDU, header included. @throws {UsageError} on an AE title over 16 characters. */
export function encodePdu(pdu: Pdu): Buffer {
  const writer = new ByteWriter();
  writer
    .uint8(PDU_TYPES[pdu.type])
    .zeros(1)
    .counted32BE(() => writeBody(writer, pdu));
  return writer.finish();
}

function writeBody(writer: ByteWriter, pdu: Pdu): void {
  switch (pdu.type) {
    case 'A-ASSOCIATE-RQ':
      ASSOCIATE_RQ.write(writer, pdu);
      return;
    case 'A-ASSOCIATE-AC':
      ASSOCIATE_AC.write(writer, pdu);
      return;
    case 'A-ASSOCIATE-RJ':
      ASSOCIATE_RJ.write(writer, pdu);
      return;
    case 'P-DATA-TF':
      for (const pdv of pdu.pdvs) writePdv(writer, pdv);
      return;
    case 'A-RELEASE-RQ':
    case 'A-RELEASE-RP':
      writer.zeros(SHORT_BODY_LENGTH);
      return;
    case 'A-ABORT':
      ABORT.write(writer, pdu);
      return;
    default:
      pdu satisfies never;
  }
}

/**
 * Decodes any PDU but P-DATA-TF from the bytes after its header, which it keeps no view of.
 * @throws {ProtocolError} with the reason for the A-ABORT and the offset in the whole PDU.
 */
export function decodePdu(type: number, body: Buffer): ControlPdu {
  const reader = new ByteReader(body, PDU_HEADER);
  switch (type) {
    case PDU_TYPES['A-ASSOCIATE-RQ']:
      return withContexts({ type: 'A-ASSOCIATE-RQ', ...ASSOCIATE_RQ.read(reader) });
    case PDU_TYPES['A-ASSOCIATE-AC']:
      return withFirstAnswers({ type: 'A-ASSOCIATE-AC', ...ASSOCIATE_AC.read(reader) });
    case PDU_TYPES['A-ASSOCIATE-RJ']:
      return { type: 'A-ASSOCIATE-RJ', ...ASSOCIATE_RJ.read(short(reader)) };
    case PDU_TYPES['A-RELEASE-RQ']:
      short(reader);
      return { type: 'A-RELEASE-RQ' };
    case PDU_TYPES['A-RELEASE-RP']:
      short(reader);
      return { type: 'A-RELEASE-RP' };
    case PDU_TYPES['A-ABORT']:
      return { type: 'A-ABORT', ...ABORT.read(short(reader)) };
    default:
      throw new ProtocolError('unrecognized-pdu', `no control PDU has the type ${type}`, 0);
  }
}

function short(reader: ByteReader): ByteReader {
  if (reader.remaining !== SHORT_BODY_LENGTH)
    throw new ProtocolError('invalid-pdu-parameter-value', `PDU length ${reader.remaining} where 4 is fixed`, 2);
  return reader;
}

/** PS3.8 9.3.2: one or more contexts, each with its own id. */
function withContexts(pdu: AssociateRq): AssociateRq {
  const ids = new Set(pdu.presentationContexts.map((context) => context.id));
  if (ids.size === 0) throw new ProtocolError('invalid-pdu-parameter-value', 'no presentation context');
  if (ids.size < pdu.presentationContexts.length)
    throw new ProtocolError('invalid-pdu-parameter-value', 'two presentation contexts have the same id');
  return pdu;
}

/** Answers too many, too few or to nobody harm nobody: of several with one id the first counts. */
function withFirstAnswers(pdu: AssociateAc): AssociateAc {
  const ids = new Set<number>();
  const presentationContexts = pdu.presentationContexts.filter(({ id }) => !ids.has(id) && ids.add(id));
  return { ...pdu, presentationContexts };
}

/** PS3.8 Table 9-23 and Annex E.2. */
function writePdv(writer: ByteWriter, pdv: Pdv): void {
  writer.counted32BE(() => {
    const control = (pdv.isCommand ? COMMAND_BIT : 0) | (pdv.isLast ? LAST_BIT : 0);
    writer.uint8(pdv.presentationContextId).uint8(control).bytes(pdv.data);
  });
}
