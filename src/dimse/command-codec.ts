/** PS3.7 6.3: command sets, implicit VR little endian in group 0000, to and from messages. */
import { uint16LE, uint16LEText, uint32LE, uint32LEText } from '../base/bytes.js';
import { formatTag, ProtocolError, UsageError } from '../base/errors.js';
import { withoutPadding } from '../base/identifiers.js';
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

interface NamedElement extends CommandElement {
  readonly name: string;
  /** Whether it is an element of the message, and not of every command set. */
  readonly isOfMessage: boolean;
  /** `number` as a tag in bytes. */
  readonly tag: string;
}

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
  const layout = Object.entries<CommandElement>({ ...declaration.elements, ...COMMON })
    .sort(([, a], [, b]) => a.number - b.number)
    .map(([name, element]) => ({
      ...element,
      name,
      isOfMessage: name in declaration.elements,
      tag: tagText(element.number),
    }));
  LAYOUTS.set(declaration, layout);
  return layout;
}

const GROUP_LENGTH = tagText(COMMAND_GROUP_LENGTH) + uint32LEText(4);

/**
 * The command set of `message`, group length first, elements ascending, an even number of bytes.
 * @throws {UsageError} if a value is missing, of another type, or a number that has no place in 16 bits
 */
export function encodeCommand(message: DimseMessage, hasDataSet: boolean): Buffer {
  const declaration = declarationOf(message.type);
  const fields: Readonly<Fields> = message;
  let elements = '';
  for (const { name, number, tag, vr, isOptional } of layoutOf(declaration)) {
    const value = valueToSend(number, fields[name], declaration, hasDataSet);
    if (value === undefined && isOptional) continue;
    if (!isOf(vr, value)) throw new UsageError(`${name} of a ${message.type} is ${value}`);
    const text = valueText(vr, value);
    elements += tag + uint32LEText(text.length) + text;
  }
  return Buffer.from(GROUP_LENGTH + uint32LEText(elements.length) + elements, 'latin1');
}

function valueToSend(
  number: number,
  told: CommandValue | undefined,
  { commandField }: Declaration,
  hasDataSet: boolean,
): CommandValue | undefined {
  if (number === COMMAND_DATA_SET_TYPE) return hasDataSet ? DATA_SET_PRESENT : NO_DATA_SET;
  return number === COMMAND_FIELD ? (commandField ?? told) : told;
}

/** Programs without types give anything. */
function isOf(vr: CommandVr, value: CommandValue | undefined): value is CommandValue {
  if (vr === 'US') return typeof value === 'number';
  return vr === 'AT' ? Array.isArray(value) && value.every(isTag) : typeof value === 'string';
}

function isTag(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}

function tagText(number: number): string {
  return uint16LEText(0x0000) + uint16LEText(number);
}

function valueText(vr: CommandVr, value: CommandValue): string {
  if (typeof value === 'number') return uint16LEText(asUint16(value));
  if (typeof value !== 'string') return value.map((tag) => uint16LEText(tag >>> 16) + uint16LEText(tag)).join('');
  const text = vr === 'LO' ? defaultRepertoire(value).slice(0, MAX_LO_LENGTH) : value;
  // PS3.5 9.1 and 6.2: NUL makes a UID even, a space other text.
  return text.length % 2 === 0 ? text : text + (vr === 'UI' ? '\0' : ' ');
}

function asUint16(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= 0xffff) return value;
  throw new UsageError(`${value} in a command set, where a number from 0 to 65535 should be`);
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
  const places = findElements(bytes);
  const declaration = declarationFor(readCommon(bytes, places, COMMAND_FIELD));
  const fields: Fields = { type: declaration.type };
  readFields(fields, declaration, bytes, places);
  return { message: fields, hasDataSet: readCommon(bytes, places, COMMAND_DATA_SET_TYPE) !== NO_DATA_SET };
}

/** By element number, where the value begins: behind its length. */
type Places = ReadonlyMap<number, number>;

/** Tag and length. */
const HEADER = 8;

function findElements(bytes: Buffer): Places {
  const places = new Map<number, number>();
  for (let at = 0; at < bytes.length; ) {
    assertThere(bytes, at, HEADER);
    const group = uint16LE(bytes, at);
    const number = uint16LE(bytes, at + 2);
    if (group !== 0x0000) throw invalid(`${formatTag(group * 0x10000 + number)} in a command set`, at);
    const begin = at + HEADER;
    const length = uint32LE(bytes, begin - 4);
    assertThere(bytes, begin, length);
    if (!places.has(number)) places.set(number, begin);
    at = begin + length;
  }
  return places;
}

function assertThere(bytes: Buffer, at: number, length: number): void {
  const left = bytes.length - at;
  if (length > left) throw invalid(`cut short: ${length} bytes should follow, ${left} do`, at);
}

function readFields(
  fields: Fields,
  declaration: Declaration,
  bytes: Buffer,
  places: Places,
): asserts fields is Fields & DimseMessage {
  for (const element of layoutOf(declaration)) {
    if (!element.isOfMessage) continue;
    const value = readField(bytes, places, element);
    if (value !== undefined) fields[element.name] = value;
  }
  for (const { name, number, isOptional, isOfMessage } of layoutOf(declaration))
    if (isOfMessage && !isOptional && fields[name] === undefined) throw missing(number, declaration.type);
}

/** An element without value is one that was not sent, unless a text that must be there is empty: that is for the service. */
function readField(bytes: Buffer, places: Places, element: CommandElement): CommandValue | undefined {
  const { number, alternative } = element;
  const at = places.get(number) ?? (alternative === undefined ? undefined : places.get(alternative));
  const isEmpty = at === undefined || uint32LE(bytes, at - 4) === 0;
  if (isEmpty && (element.isOptional || element.assumed !== undefined)) return element.assumed;
  return at === undefined ? undefined : readValue(bytes, at, element);
}

function readValue(bytes: Buffer, at: number, { number, vr }: CommandElement): CommandValue {
  const length = uint32LE(bytes, at - 4);
  switch (vr) {
    case 'UI':
      return withoutPadding(bytes.toString('latin1', at, at + length));
    case 'AE':
    case 'LO':
      return withoutPadding(bytes.toString('latin1', at, at + length)).trimStart();
    case 'US':
      return readUint16(bytes, at, number);
    case 'AT':
      if (length % 4 !== 0) throw invalid(`${formatTag(number)} has ${length} bytes, not a multiple of 4`);
      return Array.from({ length: length / 4 }, (_, index) => readTag(bytes, at + index * 4));
  }
}

function readUint16(bytes: Buffer, at: number, number: number): number {
  const length = uint32LE(bytes, at - 4);
  if (length !== 2) throw invalid(`${formatTag(number)} has ${length} bytes, not 2`);
  return uint16LE(bytes, at);
}

function readTag(bytes: Buffer, at: number): number {
  return uint16LE(bytes, at) * 0x10000 + uint16LE(bytes, at + 2);
}

/** An element that every command set has, whatever the message. */
function readCommon(bytes: Buffer, places: Places, number: number): number {
  const at = places.get(number);
  if (at === undefined) throw missing(number, 'the command set');
  return readUint16(bytes, at, number);
}

function missing(number: number, where: string): ProtocolError {
  return invalid(`${formatTag(number)} is missing in ${where}`);
}

function invalid(message: string, offset?: number): ProtocolError {
  return new ProtocolError('invalid-pdu-parameter-value', message, offset);
}
