/** What the fuzzers begin with: good conversations, files and data sets, and every case of the tables of hostile bytes. */
import { encodeDataSet } from '../../src/dataset/data-set.js';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { encodePdu } from '../../src/pdu/codec.js';
import type { FuzzTargetName } from './fuzz-targets.js';
import { messageOf, pduOf, REQUEST, type Row, storeElements } from './hostile.js';
import { COMMANDS } from './hostile-commands.js';
import { DATA_SETS } from './hostile-data-sets.js';
import { PDUS } from './hostile-pdus.js';
import { NO_REQUESTS, REQUESTS } from './hostile-requests.js';
import { ctDataSet, echoRq, echoRsp, storeRq, storeRsp } from './loopback-peer.js';
import { CT_IMAGE, sampleImage, samplePart10 } from './sample-instance.js';

/** Longer ones say nothing more and take long. */
const MAX_SEED = 4096;

const RELEASE_RQ = pduOf(5, Buffer.alloc(4));
const OPENED = encodePdu(REQUEST);
const GOOD = Buffer.concat([
  OPENED,
  messageOf(echoRq(1), 3),
  messageOf(storeRq(2), 1, ctDataSet()),
  messageOf(storeRq(3, '1.2.4'), 1, ctDataSet('1.2.4', 40)),
  RELEASE_RQ,
]);

const sentBy = (rows: readonly Row[]) => rows.map(([, sent]) => sent);
const onAssociation = (rows: readonly Row[]) => sentBy(rows).map((sent) => Buffer.concat([OPENED, sent]));
const short = (seeds: readonly Buffer[]) => seeds.filter(({ length }) => length <= MAX_SEED);

const conversations = short([
  GOOD,
  ...sentBy([...NO_REQUESTS, ...REQUESTS]),
  ...onAssociation([...PDUS, ...COMMANDS, ...DATA_SETS]),
]);

const image = sampleImage({ sopClassUid: CT_IMAGE, sopInstanceUid: '1.2.3', rows: 4, columns: 4 });
const encapsulated = sampleImage({
  sopClassUid: CT_IMAGE,
  sopInstanceUid: '1.2.3',
  fragments: [Buffer.alloc(0), Buffer.alloc(8)],
});
const RLE = transferSyntax('1.2.840.10008.1.2.5') ?? EXPLICIT_VR_LITTLE_ENDIAN;
const withSelector = (selector: number, bytes: Buffer) => Buffer.concat([Buffer.of(selector), bytes]);

export const FUZZ_SEEDS: Readonly<Record<FuzzTargetName, readonly Buffer[]>> = {
  'pdu-reader': conversations,
  command: [
    Buffer.concat(storeElements()),
    ...[echoRq(1), echoRsp(1), storeRq(1), storeRsp(1)].map((message) => messageOf(message, 1).subarray(12)),
  ],
  'data-set': [
    ...[0, 4, 8].map((to) => withSelector(to, encodeDataSet(image, IMPLICIT_VR_LITTLE_ENDIAN))),
    ...[0, 4, 8].map((to) => withSelector(1 + to, encodeDataSet(image, EXPLICIT_VR_LITTLE_ENDIAN))),
    ...[0, 4, 8].map((to) => withSelector(2 + to, encodeDataSet(image, EXPLICIT_VR_BIG_ENDIAN))),
    withSelector(3, encodeDataSet(encapsulated, RLE)),
  ],
  'file-meta': [
    samplePart10(image),
    samplePart10(image, IMPLICIT_VR_LITTLE_ENDIAN),
    samplePart10(image).subarray(128),
    samplePart10(image).subarray(132),
    ctDataSet(),
  ],
  acceptor: conversations,
};
