/** The instances of the benchmark: a slice of a CT series and a multi-frame image, complete as their IODs ask (PS3.3 A.3, A.8.3). */
import type { DataElement, DataSet } from '../test/support/data-set.js';
import { CT_IMAGE } from '../test/support/sample-instance.js';

const MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7.3';
export const BYTES_PER_PIXEL = 2;

/** All of one length, so that all files of a corpus have one size. */
export function instanceUid(index: number): string {
  return `2.25.${10n ** 30n + BigInt(index)}`;
}

/** A slice with `side` rows and columns. */
export function ctSlice(index: number, side: number, pixels: Buffer): DataSet {
  const padded = (value: number): string => `${value}`.padStart(6, '0');
  return [
    ...general(CT_IMAGE, index),
    { tag: 0x00080008, vr: 'CS', value: ['ORIGINAL', 'PRIMARY', 'AXIAL'] },
    { tag: 0x00080060, vr: 'CS', value: ['CT'] },
    { tag: 0x00180015, vr: 'CS', value: ['CHEST'] },
    { tag: 0x00180050, vr: 'DS', value: ['1.0'] },
    { tag: 0x00180060, vr: 'DS', value: ['120'] },
    { tag: 0x00185100, vr: 'CS', value: ['HFS'] },
    { tag: 0x00200012, vr: 'IS', value: ['1'] },
    { tag: 0x00200013, vr: 'IS', value: [padded(index + 1)] },
    { tag: 0x00200032, vr: 'DS', value: ['-175.0', '-175.0', `${padded(index)}.0`] },
    { tag: 0x00200037, vr: 'DS', value: ['1', '0', '0', '0', '1', '0'] },
    { tag: 0x00200052, vr: 'UI', value: ['2.25.4'] },
    { tag: 0x00201040, vr: 'LO', value: [] },
    { tag: 0x00201041, vr: 'DS', value: [`${padded(index)}.0`] },
    { tag: 0x00280030, vr: 'DS', value: ['0.68359375', '0.68359375'] },
    { tag: 0x00281050, vr: 'DS', value: ['40'] },
    { tag: 0x00281051, vr: 'DS', value: ['400'] },
    { tag: 0x00281052, vr: 'DS', value: ['-1024'] },
    { tag: 0x00281053, vr: 'DS', value: ['1'] },
    { tag: 0x00281054, vr: 'LO', value: ['HU'] },
    ...image(side),
    { tag: 0x7fe00010, vr: 'OW', value: pixels },
  ];
}

/** All but the Pixel Data, which is too long for memory and follows. */
export function multiFrameImage(frames: number, side: number): DataSet {
  return [
    ...general(MULTI_FRAME_GRAYSCALE_WORD_SECONDARY_CAPTURE, 0),
    { tag: 0x00080008, vr: 'CS', value: ['DERIVED', 'SECONDARY'] },
    { tag: 0x00080060, vr: 'CS', value: ['OT'] },
    { tag: 0x00080064, vr: 'CS', value: ['WSD'] },
    { tag: 0x00200013, vr: 'IS', value: ['1'] },
    { tag: 0x00200020, vr: 'CS', value: [] },
    { tag: 0x00200060, vr: 'CS', value: [] },
    { tag: 0x00280008, vr: 'IS', value: [`${frames}`] },
    { tag: 0x00280009, vr: 'AT', value: [0x00182002] },
    { tag: 0x00182002, vr: 'SH', value: Array.from({ length: frames }, (_, frame) => `${frame + 1}`) },
    { tag: 0x00280301, vr: 'CS', value: ['NO'] },
    { tag: 0x00281052, vr: 'DS', value: ['0'] },
    { tag: 0x00281053, vr: 'DS', value: ['1'] },
    { tag: 0x00281054, vr: 'LO', value: ['US'] },
    { tag: 0x20500020, vr: 'CS', value: ['IDENTITY'] },
    ...image(side),
  ];
}

/** Patient, study, series and equipment. */
function general(sopClassUid: string, index: number): readonly DataElement[] {
  return [
    { tag: 0x00080005, vr: 'CS', value: ['ISO_IR 100'] },
    { tag: 0x00080016, vr: 'UI', value: [sopClassUid] },
    { tag: 0x00080018, vr: 'UI', value: [instanceUid(index)] },
    { tag: 0x00080020, vr: 'DA', value: ['20260102'] },
    { tag: 0x00080023, vr: 'DA', value: ['20260102'] },
    { tag: 0x00080030, vr: 'TM', value: ['101500'] },
    { tag: 0x00080033, vr: 'TM', value: ['101630'] },
    { tag: 0x00080050, vr: 'SH', value: ['4711'] },
    { tag: 0x00080070, vr: 'LO', value: ['netdicom'] },
    { tag: 0x00080090, vr: 'PN', value: ['Referring^Physician'] },
    { tag: 0x00081030, vr: 'LO', value: ['Benchmark'] },
    { tag: 0x0008103e, vr: 'LO', value: ['Thin slices'] },
    { tag: 0x00100010, vr: 'PN', value: ['Bench^Mark'] },
    { tag: 0x00100020, vr: 'LO', value: ['BENCH-1'] },
    { tag: 0x00100030, vr: 'DA', value: ['19700101'] },
    { tag: 0x00100040, vr: 'CS', value: ['O'] },
    { tag: 0x0020000d, vr: 'UI', value: ['2.25.1'] },
    { tag: 0x0020000e, vr: 'UI', value: ['2.25.2'] },
    { tag: 0x00200010, vr: 'SH', value: ['1'] },
    { tag: 0x00200011, vr: 'IS', value: ['1'] },
  ];
}

/** PS3.3 C.7.6.3: 16 bits of grey, 12 of them used. */
function image(side: number): readonly DataElement[] {
  return [
    { tag: 0x00280002, vr: 'US', value: [1] },
    { tag: 0x00280004, vr: 'CS', value: ['MONOCHROME2'] },
    { tag: 0x00280010, vr: 'US', value: [side] },
    { tag: 0x00280011, vr: 'US', value: [side] },
    { tag: 0x00280100, vr: 'US', value: [16] },
    { tag: 0x00280101, vr: 'US', value: [12] },
    { tag: 0x00280102, vr: 'US', value: [11] },
    { tag: 0x00280103, vr: 'US', value: [0] },
  ];
}
