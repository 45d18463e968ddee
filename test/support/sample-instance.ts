/** DICOM instances that tests, demo and benchmarks make themselves: small, valid, no two alike. */
import { newUid } from '../../src/base/identifiers.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax, transferSyntax } from '../../src/dataset/transfer-syntax.js';
import { encodeFileMeta, readFileHead } from '../../src/file/file-meta.js';
import { type DataElement, type DataSet, decodeDataSet, encodeDataSet, textOf } from './data-set.js';

export const SECONDARY_CAPTURE = '1.2.840.10008.5.1.4.1.1.7';
export const CT_IMAGE = '1.2.840.10008.5.1.4.1.1.2';
export const MR_IMAGE = '1.2.840.10008.5.1.4.1.1.4';

export interface SampleOptions {
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  readonly rows?: number;
  readonly columns?: number;
  /** Instead of a gradient in Explicit VR's OW: these fragments, encapsulated. */
  readonly fragments?: readonly Buffer[];
  /** Added to, or in place of, the elements of the sample. */
  readonly elements?: readonly DataElement[];
}

/** A 16-bit grey image with a sequence, private elements and text in it. */
export function sampleImage(options: SampleOptions = {}): DataSet {
  const { rows = 16, columns = 16, fragments, elements = [] } = options;
  const modality = options.sopClassUid === CT_IMAGE ? 'CT' : options.sopClassUid === MR_IMAGE ? 'MR' : 'OT';
  const sample: DataElement[] = [
    { tag: 0x00080005, vr: 'CS', value: ['ISO_IR 100'] },
    { tag: 0x00080016, vr: 'UI', value: [options.sopClassUid ?? SECONDARY_CAPTURE] },
    { tag: 0x00080018, vr: 'UI', value: [options.sopInstanceUid ?? newUid()] },
    { tag: 0x00080020, vr: 'DA', value: ['20261122'] },
    { tag: 0x00080030, vr: 'TM', value: ['120000'] },
    { tag: 0x00080060, vr: 'CS', value: [modality] },
    { tag: 0x00080064, vr: 'CS', value: ['WSD'] },
    {
      tag: 0x00081140,
      vr: 'SQ',
      items: [
        [
          { tag: 0x00081150, vr: 'UI', value: [CT_IMAGE] },
          { tag: 0x00081155, vr: 'UI', value: ['1.2.3.4.5.6.7'] },
        ],
      ],
    },
    { tag: 0x00100010, vr: 'PN', value: ['Sample^Image'] },
    { tag: 0x00100020, vr: 'LO', value: ['SAMPLE-1'] },
    { tag: 0x0020000d, vr: 'UI', value: ['2.25.1'] },
    { tag: 0x0020000e, vr: 'UI', value: ['2.25.2'] },
    { tag: 0x00200013, vr: 'IS', value: ['1'] },
    { tag: 0x00280002, vr: 'US', value: [1] },
    { tag: 0x00280004, vr: 'CS', value: ['MONOCHROME2'] },
    { tag: 0x00280010, vr: 'US', value: [rows] },
    { tag: 0x00280011, vr: 'US', value: [columns] },
    { tag: 0x00280100, vr: 'US', value: [16] },
    { tag: 0x00280101, vr: 'US', value: [12] },
    { tag: 0x00280102, vr: 'US', value: [11] },
    { tag: 0x00280103, vr: 'US', value: [1] },
    { tag: 0x00280106, vr: 'SS', value: [-1024] },
    fragments === undefined
      ? { tag: 0x7fe00010, vr: 'OW', value: gradient(rows, columns) }
      : { tag: 0x7fe00010, vr: 'OB', fragments },
  ];
  const replaced = new Set(elements.map(({ tag }) => tag));
  return [...sample.filter(({ tag }) => !replaced.has(tag)), ...elements].sort((a, b) => a.tag - b.tag);
}

function gradient(rows: number, columns: number): Buffer {
  const pixels = Buffer.alloc(rows * columns * 2);
  for (let index = 0; index < rows * columns; index++) pixels.writeInt16LE((index % 4096) - 1024, index * 2);
  return pixels;
}

/** A PS3.10 file of a data set, in any syntax but a deflated one. */
export function samplePart10(dataSet: DataSet, syntax: TransferSyntax = EXPLICIT_VR_LITTLE_ENDIAN): Buffer {
  return part10Of(encodeDataSet(dataSet, syntax), dataSet, syntax);
}

/** A PS3.10 file of data set bytes that are encoded already. */
export function part10Of(bytes: Buffer, dataSet: DataSet, syntax: TransferSyntax): Buffer {
  const meta = encodeFileMeta({
    mediaStorageSopClassUid: textOf(dataSet, 0x00080016) ?? '',
    mediaStorageSopInstanceUid: textOf(dataSet, 0x00080018) ?? '',
    transferSyntaxUid: syntax.uid,
  });
  return Buffer.concat([meta, bytes]);
}

/** Meta and data set of a PS3.10 file in memory, in any syntax but a deflated one. */
export function readPart10(file: Buffer) {
  const head = readFileHead(file, file.length);
  if ('needed' in head) throw new Error('the file is cut short');
  const syntax = transferSyntax(head.transferSyntaxUid);
  if (syntax === undefined) throw new Error(`no transfer syntax of the standard: ${head.transferSyntaxUid}`);
  const bytes = file.subarray(head.dataSetOffset);
  return { meta: head.meta, syntax, bytes, dataSet: syntax.deflated ? [] : decodeDataSet(bytes, syntax) };
}
