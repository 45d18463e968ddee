/** PS3.10 7.1: preamble and file meta information, written strictly and read as real files have them. */
import { uint16BE, uint16LE, uint16LEText, uint32BE, uint32LE, uint32LEText } from '../base/bytes.js';
import { DataSetError } from '../base/errors.js';
import { withoutPadding } from '../base/identifiers.js';
import { detectSyntax, guessSyntax } from '../dataset/detect-syntax.js';
import { headerSize, LONG_HEADER, readHeader, SHORT_HEADER } from '../dataset/element-header.js';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax, transferSyntax } from '../dataset/transfer-syntax.js';
import { type Vr, vrInfo } from '../dataset/vr.js';
import { uidName } from '../dictionary/lookup.js';

/** Nothing in the bytes speaks for a DICOM file, as against one that is damaged. */
export class NotDicom extends DataSetError {}

/** Text of group 0002 without padding; as read, nobody has checked it. */
export interface FileMeta {
  readonly mediaStorageSopClassUid?: string;
  readonly mediaStorageSopInstanceUid?: string;
  readonly transferSyntaxUid: string;
  readonly implementationClassUid?: string;
  readonly implementationVersionName?: string;
  readonly sourceApplicationEntityTitle?: string | undefined;
  readonly receivingApplicationEntityTitle?: string | undefined;
}

interface Field {
  readonly element: number;
  readonly vr: Vr;
  readonly name: keyof FileMeta;
}

/** PS3.10 Table 7.1-1, as far as we write it. */
const FIELDS: readonly Field[] = [
  { element: 0x0002, vr: 'UI', name: 'mediaStorageSopClassUid' },
  { element: 0x0003, vr: 'UI', name: 'mediaStorageSopInstanceUid' },
  { element: 0x0010, vr: 'UI', name: 'transferSyntaxUid' },
  { element: 0x0012, vr: 'UI', name: 'implementationClassUid' },
  { element: 0x0013, vr: 'SH', name: 'implementationVersionName' },
  { element: 0x0016, vr: 'AE', name: 'sourceApplicationEntityTitle' },
  { element: 0x0018, vr: 'AE', name: 'receivingApplicationEntityTitle' },
];
const NAME_OF_ELEMENT = new Map(FIELDS.map(({ element, name }) => [element, name]));
const META_GROUP = 0x0002;
const GROUP_LENGTH = 0x0000;
const VERSION = 0x0001;
const PREAMBLE_BYTES = 128;
const PREFIX = 'DICM';

// Bytes as characters (ISO 8859-1): put together as text they cost less than written one by one.
const FRONT = `${'\0'.repeat(PREAMBLE_BYTES)}${PREFIX}${tagAndVr(GROUP_LENGTH, 'UL')}${uint16LEText(4)}`;
const VERSION_1 = `${tagAndVr(VERSION, 'OB')}\0\0${uint32LEText(2)}\0\x01`;
const ENCODED_FIELDS = FIELDS.map(({ element, vr, name }) => ({
  name,
  tagAndVr: tagAndVr(element, vr),
  padding: String.fromCharCode(vrInfo(vr).padding),
}));

/** Preamble, prefix and group 0002: what stands in the file before the data set. */
export function encodeFileMeta(meta: FileMeta): Buffer {
  let group = VERSION_1;
  for (const { name, tagAndVr, padding } of ENCODED_FIELDS) {
    const text = meta[name];
    if (text === undefined) continue;
    const value = text.length % 2 === 1 ? text + padding : text;
    group += tagAndVr + uint16LEText(value.length) + value;
  }
  return Buffer.from(FRONT + uint32LEText(group.length) + group, 'latin1');
}

function tagAndVr(element: number, vr: Vr): string {
  return uint16LEText(META_GROUP) + uint16LEText(element) + vr;
}

export interface FileHead {
  /** Undefined if the file has no group 0002. */
  readonly meta: Partial<FileMeta> | undefined;
  /** Bytes of the file before the data set. */
  readonly dataSetOffset: number;
  /** What the data set is in: what the meta says unless the bytes tell otherwise. */
  readonly transferSyntaxUid: string;
  /** What is wrong with the file, a line each. */
  readonly warnings: readonly string[];
}

/** Most bytes of a file that are read to find its data set. */
const MAX_FILE_HEAD = 1024 * 1024;

// Where group 0002 or the data set can begin: after preamble and prefix, after a prefix alone, or at once.
const STARTS = [PREAMBLE_BYTES + PREFIX.length, PREFIX.length, 0];
/** Enough to look at the first header wherever it begins. */
const MIN_FILE_HEAD = PREAMBLE_BYTES + PREFIX.length + LONG_HEADER;

/**
 * Finds meta, data set and transfer syntax in the first bytes of a file of `fileSize` bytes. Takes files without preamble,
 * without or with odd group 0002, and data sets that are not in the transfer syntax they should be in; never guesses a
 * deflated or encapsulated one. If `head` ends too early, tells how many bytes of the file it should have.
 * @throws {DataSetError} if this is no DICOM file, or its group 0002 is damaged or over `MAX_FILE_HEAD`.
 */
export function readFileHead(head: Buffer, fileSize: number): FileHead | { readonly needed: number } {
  if (head.length < Math.min(MIN_FILE_HEAD, fileSize)) return needed(MIN_FILE_HEAD, fileSize);
  const start = STARTS.find((candidate) => beginsMetaGroup(head, candidate, fileSize));
  if (start === undefined) return bareDataSet(head, fileSize);
  const group = readMetaGroup(head, start, fileSize);
  if ('needed' in group) return group;
  const { meta, end, warnings } = group;
  if (start !== STARTS[0]) warnings.unshift('no preamble before the file meta information');
  const { transferSyntaxUid: told = '' } = meta;
  const corrected = told === '' ? guessSyntax(head, end, fileSize) : correctedSyntax(told, head, end, fileSize);
  if (corrected !== undefined)
    warnings.push(`data set taken for ${corrected.name}, though the file says ${uidName(told) ?? 'nothing'}`);
  return { meta, dataSetOffset: end, transferSyntaxUid: corrected?.uid ?? told, warnings };
}

function hasPrefix(head: Buffer, start: number): boolean {
  return start === 0 || head.toString('latin1', start - PREFIX.length, start) === PREFIX;
}

function beginsMetaGroup(head: Buffer, start: number, fileSize: number): boolean {
  if (!hasPrefix(head, start) || !isMetaGroup(head, start)) return false;
  // Two bytes at the beginning of any file are no evidence.
  return start > 0 || detectSyntax(head, start, fileSize) !== undefined;
}

function isMetaGroup(bytes: Buffer, at: number): boolean {
  if (bytes.length < at + SHORT_HEADER) return false;
  return uint16LE(bytes, at) === META_GROUP || uint16BE(bytes, at) === META_GROUP;
}

function needed(bytes: number, fileSize: number): { readonly needed: number } {
  if (bytes > MAX_FILE_HEAD) throw new DataSetError(`file meta information of more than ${MAX_FILE_HEAD} bytes`);
  return { needed: Math.min(bytes, fileSize) };
}

function bareDataSet(head: Buffer, fileSize: number): FileHead {
  for (const start of STARTS) {
    const syntax = hasPrefix(head, start) ? detectSyntax(head, start, fileSize) : undefined;
    if (syntax === undefined) continue;
    const warnings = [`no file meta information, data set taken for ${syntax.name}`];
    return { meta: undefined, dataSetOffset: start, transferSyntaxUid: syntax.uid, warnings };
  }
  throw new NotDicom('not a DICOM file');
}

interface MetaGroup {
  readonly meta: Partial<FileMeta>;
  /** Offset of what follows the group. */
  readonly end: number;
  readonly warnings: string[];
}

/** Goes from element to element for as long as they are of group 0002: its length is wrong in too many files. */
function readMetaGroup(head: Buffer, start: number, fileSize: number): MetaGroup | { readonly needed: number } {
  const encoding = detectSyntax(head, start, fileSize) ?? EXPLICIT_VR_LITTLE_ENDIAN;
  const warnings = encoding === EXPLICIT_VR_LITTLE_ENDIAN ? [] : [`file meta information in ${encoding.name}`];
  const meta: { -readonly [Name in keyof FileMeta]?: string } = {};
  let toldEnd: number | undefined;
  let at = start;
  for (;;) {
    if (head.length < Math.min(at + LONG_HEADER, fileSize)) return needed(at + LONG_HEADER, fileSize);
    if (!isMetaGroup(head, at)) break;
    const size = headerSize(head, at, encoding);
    const header = at + size > fileSize ? undefined : readHeader(head, at, size, encoding);
    const end = at + size + (header?.length ?? 0);
    if (header === undefined || end > fileSize) throw new DataSetError('the file ends within its meta information');
    if (end > head.length) return needed(end + LONG_HEADER, fileSize);
    const element = header.tag & 0xffff;
    const name = NAME_OF_ELEMENT.get(element);
    const text = name === undefined ? '' : withoutPadding(head.toString('latin1', at + size, end));
    if (name !== undefined && text !== '') meta[name] = text;
    if (element === GROUP_LENGTH && header.length === 4)
      toldEnd = end + (encoding.bigEndian ? uint32BE(head, end - 4) : uint32LE(head, end - 4));
    at = end;
  }
  if (toldEnd === undefined) warnings.push('no group length in the file meta information');
  else if (toldEnd !== at) warnings.push(`group length of the file meta information is off by ${toldEnd - at} bytes`);
  return { meta, end: at, warnings };
}

/** What the bytes say the data set is in, if that cannot be what the file says. */
function correctedSyntax(told: string, head: Buffer, at: number, fileSize: number): TransferSyntax | undefined {
  const declared = transferSyntax(told);
  const detected = detectSyntax(head, at, fileSize);
  if (declared === undefined || detected === undefined) return undefined;
  const isConsistent =
    !declared.deflated && declared.explicitVr === detected.explicitVr && declared.bigEndian === detected.bigEndian;
  return isConsistent ? undefined : detected;
}
