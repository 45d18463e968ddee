/** What the fuzzers begin with: good conversations, files and data sets, and every case of the tables of hostile bytes. */

import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { encodePdu } from '../../src/pdu/codec.js';
import { encodeDataSet } from './data-set.js';
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

/** Found by the fuzzer: elements of another VR that Implicit VR takes for sequences. */
const FOUND_IN_DATA_SETS = [
  '010800050043530a0049534f5f4952203130300800160055491a00312e322e3834302e31303030382e352e312e342e312e312e32000800180055490600312e322e33000800200444410800323032363131323208003000544d0600313230303030080060004353020043540800640043530400575344200800401153510000fffffffffeff00e0ffffffff0800501155491a00312e322e3834302e31303030382e352e312e342e312e312e32000800551155490e00312e322e332e342e352e362e3700feff0de000000000feffdde00000000010001000504e0c0053616d706c655e496d616765100020004c4f080053414d504c452d3120000d0055490600322e32352e3120000e0055490600322e32352e3220001300495302003120280002005553020001002800040043530c004d4f4e4f4348524f4d45322028001000555302000400280011005553020004002800000155530200100028000101555302000c0028000201555302000b0028000301555302000100280006015353020000fce07f10004f5700002000000000fc01fc02fc03fc04fc05fc06fc07fc08fc09fc0afc0bfc0cfc0dfc0efc0ffc',
  '010800050043530a0049534f5f4952203130300800160055491a00312e322e3834302e31303030382e352e312e342e312e312e32000800180055490600312e322e33000800200044410800323032363131323208003000544d06003132303030300800600043530200435408006400435304005753442008004011531b510000fffffffffeff00e0ffffffff0800501155491a00312e322e3834302e31303030382e352e312e342e312e312e32000800551155490e00312e322e332e342e352e362e3700feff0de000000000feffdde00000000010001000504e0c0053616d706c655e496d616765100020004c4f080053414d504c452d3120000d0055490600322e32352e3120000e0055490600322e32352e3220001300495302003120280002005553020001002800040043530c004d4f4e4f4348524f4d45322028001000555302000400280011005553020004002800000155530200100028000101555302000c0028000201555302000b0028000301555302000100280006015353020000fce07f10004f5700002000000000fc01fc02fc03fc04fc05fc06fc07fc08fc09fc0afc0bfc0cfc0dff0efc0ffc',
];

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
    ...FOUND_IN_DATA_SETS.map((found) => Buffer.from(found, 'hex')),
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
