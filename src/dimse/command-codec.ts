/** PS3.7 6.3: command sets, implicit VR little endian in group 0000, to and from messages. */
import { ByteReader, ByteWriter } from '../base/cursor.js';
import { formatTag, ProtocolError } from '../base/errors.js';
import { trimUid } from '../base/identifiers.js';
import {
  type CommandElement,
  type CommandValue,
  type CommandVr,
  type Declaration,
  type DimseMessage,
  declarationFor,
  declarationOf,
} from './messages.js';

const COMMAND_GROUP_LENGTH = 0x0000;
const COMMAND_FIELD = 0x0100;
const COMMAND_DATA_SET_TYPE = 0x0800;
/** PS3.7 E.1: no data set follows; any other value says that one does. */
const NO_DATA_SET = 0x0101;
/** The value that DCMTK and pynetdicom send, so the one that careless receivers were tested with. */
const DATA_SET_PRESENT = 0x0001;
/** PS3.5 6.2, VR LO. */
const MAX_LO_LENGTH = 64;

export interface DecodedCommand {
  readonly message: DimseMessage;
  readonly hasDataSet: boolean;
}

/** A message's elements by name, not yet known to be all of them. */
type Fields = Record<string, CommandValue | undefined>;

type NamedElement = readonly [name: string, element: CommandElement];

/** Every command set has these two. */
const COMMON = {
  commandField: { number: COMMAND_FIELD, vr: 'US', isOptional: false },
  commandDataSetType: { number: COMMAND_DATA_SET_TYPE, vr: 'US', isOptional: false },
} satisfies Declaration['elements'];

/** What is written and read of each kind of message, ascending. */
const LAYOUTS = new Map<Declaration, readonly NamedElement[]>();

function layoutOf(declaration: Declaration): readonly NamedElement[] {
  const known = LAYOUTS.get(declaration);
  if (known !== undefined) return known;
  const layout = Object.entries({ ...declaration.elements, ...COMMON }).sort(([, a], [, b]) => a.number - b.number);
  LAYOUTS.set(declaration, layout);
  return layout;
}

/** The command set of `message`, group length first, elements ascending, an even number of bytes. */
export function encodeCommand(message: DimseMessage, hasDataSet: boolean): Buffer {
  const declaration = declarationOf(message.type);
  const { commandField } = declaration;
  const commandDataSetType = hasDataSet ? DATA_SET_PRESENT : NO_DATA_SET;
  const fields: Readonly<Fields> = { commandField, ...message, commandDataSetType };

  const writer = new ByteWriter();
  writeTag(writer, COMMAND_GROUP_LENGTH);
  writer.uint32LE(4).counted32LE(() => {
    for (const [name, { number, vr }] of layoutOf(declaration)) {
      const value = fields[name];
      if (value === undefined) continue;
      writeTag(writer, number);
      writer.counted32LE(() => writeValue(writer, vr, value));
    }
  });
  return writer.finish();
}

function writeTag(writer: ByteWriter, number: number): void {
  writer.uint16LE(0x0000).uint16LE(number);
}

function writeValue(writer: ByteWriter, vr: CommandVr, value: CommandValue): void {
  if (typeof value === 'number') {
    writer.uint16LE(value);
  } else if (typeof value === 'string') {
    const text = vr === 'LO' ? defaultRepertoire(value).slice(0, MAX_LO_LENGTH) : value;
    writer.text(text);
    // PS3.5 9.1 and 6.2: NUL makes a UID even, a space other text.
    if (text.length % 2 !== 0) writer.uint8(vr === 'UI' ? 0x00 : 0x20);
  } else {
    for (const tag of value) writer.uint16LE(tag >>> 16).uint16LE(tag & 0xffff);
  }
}

/** PS3.7 C.5: comments are in the default repertoire; a backslash would make two values of one (PS3.5 6.4). */
function defaultRepertoire(text: string): string {
  return text.replace(/[^\x20-\x5b\x5d-\x7e]/gu, '?');
}

/**
 * Reads a command set; nothing of `bytes` is kept. What old and careless senders get wrong but what cannot be
 * misunderstood passes: a wrong group length, any order, unknown elements, a repeated element (the first counts).
 * @throws {ProtocolError} if it cannot be read, or an element that the message needs is missing or malformed.
 */
export function decodeCommand(bytes: Buffer): DecodedCommand {
  const values = readElements(bytes);
  const declaration = declarationFor(readCommon(values, COMMAND_FIELD));
  const fields: Fields = { type: declaration.type };
  for (const [name, element] of layoutOf(declaration)) {
    const value = name in declaration.elements ? readField(values, element) : undefined;
    if (value !== undefined) fields[name] = value;
  }
  assertComplete(declaration, fields);
  return { message: fields, hasDataSet: readCommon(values, COMMAND_DATA_SET_TYPE) !== NO_DATA_SET };
}

function readElements(bytes: Buffer): ReadonlyMap<number, Buffer> {
  const values = new Map<number, Buffer>();
  const reader = new ByteReader(bytes);
  while (reader.remaining > 0) {
    const offset = reader.offset;
    const group = reader.uint16LE();
    const number = reader.uint16LE();
    if (group !== 0x0000) throw invalid(`${formatTag(group * 0x10000 + number)} in a command set`, offset);
    const value = reader.bytes(reader.uint32LE());
    if (!values.has(number)) values.set(number, value);
  }
  return values;
}

/** An element without value is one that was not sent, unless a text that must be there is empty: that is for the service. */
function readField(values: ReadonlyMap<number, Buffer>, element: CommandElement): CommandValue | undefined {
  const { number, alternative } = element;
  const value = values.get(number) ?? (alternative === undefined ? undefined : values.get(alternative));
  const isEmpty = value === undefined || value.length === 0;
  if (isEmpty && (element.isOptional || element.assumed !== undefined)) return element.assumed;
  return value === undefined ? undefined : readValue(value, element);
}

function readValue(value: Buffer, { number, vr }: CommandElement): CommandValue {
  switch (vr) {
    case 'UI':
      return trimUid(value.toString('latin1'));
    case 'AE':
    case 'LO':
      return trimUid(value.toString('latin1')).trimStart();
    case 'US':
      return readUint16(value, number);
    case 'AT':
      if (value.length % 4 !== 0) throw invalid(`${formatTag(number)} has ${value.length} bytes, not a multiple of 4`);
      return Array.from({ length: value.length / 4 }, (_, index) => readTag(value, index * 4));
  }
}

function readTag(value: Buffer, offset: number): number {
  return value.readUInt16LE(offset) * 0x10000 + value.readUInt16LE(offset + 2);
}

function readUint16(value: Buffer, number: number): number {
  if (value.length !== 2) throw invalid(`${formatTag(number)} has ${value.length} bytes, not 2`);
  return value.readUInt16LE(0);
}

/** An element that every command set has, whatever the message. */
function readCommon(values: ReadonlyMap<number, Buffer>, number: number): number {
  const value = values.get(number);
  if (value === undefined) throw missing(number, 'the command set');
  return readUint16(value, number);
}

function assertComplete(declaration: Declaration, fields: Fields): asserts fields is Fields & DimseMessage {
  for (const [name, { number, isOptional }] of layoutOf(declaration))
    if (!isOptional && fields[name] === undefined && name in declaration.elements)
      throw missing(number, declaration.type);
}

function missing(number: number, where: string): ProtocolError {
  return invalid(`${formatTag(number)} is missing in ${where}`);
}

function invalid(message: string, offset?: number): ProtocolError {
  return new ProtocolError('invalid-pdu-parameter-value', message, offset);
}
