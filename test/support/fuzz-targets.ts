/** What must hold whatever bytes come: one function for each reader, for fast-check and for the fuzzer that looks at coverage. */
import assert from 'node:assert/strict';
import { DataSetError, DicomError, ProtocolError, StatusError } from '../../src/base/errors.js';
import { printable } from '../../src/base/printable.js';
import { Transcoder } from '../../src/dataset/transcode.js';
import {
  EXPLICIT_VR_BIG_ENDIAN as BE,
  IMPLICIT_VR_LITTLE_ENDIAN as IMPLICIT,
  EXPLICIT_VR_LITTLE_ENDIAN as LE,
  type TransferSyntax,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { decodeCommand, encodeCommand } from '../../src/dimse/command-codec.js';
import { dumpMessage } from '../../src/dimse/dump.js';
import { STATUS } from '../../src/dimse/status.js';
import { readFileHead } from '../../src/file/file-meta.js';
import type { AssociationEvent } from '../../src/index.js';
import { decodePdu, encodePdu, PDU_TYPES } from '../../src/pdu/codec.js';
import { PduReader, type ReceivedPdu } from '../../src/pdu/pdu-reader.js';
import { DataSetCheck } from '../../src/services/data-set-check.js';
import { LeadingGroups } from '../../src/services/leading-groups.js';
import { cut, readWhole } from './data-set-tokens.js';
import { compact } from './dimse-messages.js';
import { feedAcceptor } from './fed-acceptor.js';
import { CT_IMAGE } from './sample-instance.js';

const MAX_P_DATA = 16_384;

/** Throws an AssertionError, or whatever the product throws that it may not. The cuts of the bytes follow from their number. */
export type FuzzTarget = (bytes: Buffer) => void | Promise<void>;

function chunksOf(bytes: Buffer): readonly Buffer[] {
  return [...cut(bytes, [1 + (bytes.length % 7), 1 + (bytes.length % 101), 4096])];
}

/** The PDUs, with the data of fragments that follow one another as one. */
function received(chunks: Iterable<Buffer>): readonly unknown[] {
  const reader = new PduReader({ maxPDataLength: MAX_P_DATA });
  const pdus: unknown[] = [];
  let data: Buffer[] = [];
  for (const chunk of chunks)
    for (const pdu of reader.feed(chunk)) {
      if (pdu.type === 'P-DATA-TF') {
        const { data: piece, ...rest } = pdu;
        data.push(Buffer.from(piece));
        if (pdu.isLast) pdus.push({ ...rest, data: Buffer.concat(data.splice(0)).toString('hex') });
      } else pdus.push(checked(pdu));
    }
  data = data.filter(({ length }) => length > 0);
  return [...pdus, Buffer.concat(data).toString('hex')];
}

/** What was read can be written, and reads the same again. */
function checked(pdu: Exclude<ReceivedPdu, { type: 'P-DATA-TF' }>): unknown {
  if (pdu.type === 'invalid') {
    assert.ok(pdu.error instanceof ProtocolError);
    return pdu.error.message;
  }
  const again = encodePdu(pdu);
  assert.deepEqual(decodePdu(PDU_TYPES[pdu.type], again.subarray(6)), pdu);
  return pdu;
}

const pduReader: FuzzTarget = (bytes) => assert.deepEqual(received(chunksOf(bytes)), received([bytes]));

const command: FuzzTarget = (bytes) => {
  const decoded = unless(ProtocolError, () => decodeCommand(bytes));
  if (decoded === undefined) return;
  const { message, hasDataSet } = decoded;
  assertPrintable(dumpMessage(message, 'incoming', { presentationContextId: 1, hasDataSet }));
  const sent = decodeCommand(encodeCommand(message, hasDataSet));
  const again = decodeCommand(encodeCommand(sent.message, hasDataSet));
  assert.deepEqual(compact(again.message), compact(sent.message));
  assert.equal(again.hasDataSet, hasDataSet);
};

const RLE = transferSyntax('1.2.840.10008.1.2.5') ?? LE;
const SYNTAXES: readonly TransferSyntax[] = [IMPLICIT, LE, BE, RLE];

/** The first byte says in which syntax the others are, and in which they are to be. */
const dataSet: FuzzTarget = async (bytes) => {
  const [selector = 0] = bytes;
  const from = SYNTAXES[selector % 4] ?? LE;
  const to = SYNTAXES[(selector >>> 2) % 3] ?? LE;
  const chunks = chunksOf(bytes.subarray(1));
  await receive(chunks, from);
  if (from === RLE) return;
  const converted = unless(DataSetError, () => {
    const transcoder = new Transcoder(from, to);
    const pieces = chunks.flatMap((chunk) => transcoder.feed(chunk).map((view) => Buffer.from(view)));
    return Buffer.concat([...pieces, ...transcoder.end()]);
  });
  if (converted !== undefined) readWhole(converted, to);
};

/** As a provider takes it in. */
async function receive(chunks: readonly Buffer[], syntax: TransferSyntax): Promise<void> {
  const check = new DataSetCheck(syntax.uid, { sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3' });
  const leading = new LeadingGroups(syntax.uid);
  try {
    for (const chunk of chunks) await check.feed(leading.takeOff([chunk]));
    await check.feed(leading.end());
    await check.end();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    assert.ok(error.status === STATUS.cannotUnderstand || error.status === STATUS.dataSetDoesNotMatch);
  } finally {
    check.close();
  }
}

const fileMeta: FuzzTarget = (bytes) => {
  for (const fileSize of [bytes.length, bytes.length + 1000]) {
    const head = unless(DataSetError, () => readFileHead(bytes, fileSize));
    if (head === undefined) continue;
    if ('needed' in head) assert.ok(head.needed > bytes.length && head.needed <= fileSize, `${head.needed} needed`);
    else assert.ok(head.dataSetOffset <= fileSize, `the data set begins at ${head.dataSetOffset} of ${fileSize}`);
  }
};

/** Answers that are PDUs, nothing after an abort, no file but by a UID, and no error of ours in place of the peer's. */
const acceptor: FuzzTarget = async (bytes) => {
  const { answers, events, lines, stored } = await feedAcceptor(chunksOf(bytes));
  const types: string[] = [];
  for (const pdu of new PduReader({ maxPDataLength: 0 }).feed(answers)) {
    assert.notEqual(pdu.type, 'invalid');
    types.push(pdu.type);
  }
  const aborted = types.indexOf('A-ABORT');
  assert.ok(aborted === -1 || aborted === types.length - 1, types.join(', '));
  for (const name of stored) assert.match(name, /^[A-Z]+[0-9A-Za-z]*\.[0-9.]+$/);
  assertPrintable(lines);
  for (const event of events) assertPeersFault(event);
};

function assertPeersFault(event: AssociationEvent): void {
  if (event.type === 'request-failed') assert.notEqual(event.status, STATUS.processingFailure, event.error.stack);
  if (!('error' in event)) return;
  for (let error: unknown = event.error; error !== undefined; error = error instanceof Error ? error.cause : undefined)
    // What is not ours has a code, as zlib's errors have.
    if (!(error instanceof DicomError || (error instanceof Error && 'code' in error))) throw error;
}

function assertPrintable(lines: readonly string[]): void {
  for (const line of lines) assert.equal(line, printable(line));
}

/** What `read` gives, or undefined if it throws an error of that class. */
function unless<T>(expected: new (...parameters: never) => Error, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof expected) return undefined;
    throw error;
  }
}

export const FUZZ_TARGETS = { 'pdu-reader': pduReader, command, 'data-set': dataSet, 'file-meta': fileMeta, acceptor };
export type FuzzTargetName = keyof typeof FUZZ_TARGETS;
