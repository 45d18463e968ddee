/** PS3.7 9.3: one declaration per DIMSE message; its type, encoder, decoder and dump come from that. */
import { VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';

/** What an element of a command set holds by its value representation: text without padding, tags as `0xggggeeee`. */
type ValueOfVr = { UI: string; AE: string; LO: string; US: number; AT: readonly number[] };
export type CommandVr = keyof ValueOfVr;
export type CommandValue = ValueOfVr[CommandVr];

/** One element of group 0000 (PS3.7 E.1). */
export interface CommandElement<V extends CommandVr = CommandVr, O extends boolean = boolean> {
  /** `eeee` of `(0000,eeee)`. */
  readonly number: number;
  readonly vr: V;
  readonly isOptional: O;
  /** What a mandatory element is taken for where careless senders leave it out. */
  readonly assumed?: ValueOfVr[V];
  /** Element that carries the same fact in other operations; read if `number` is missing, never written. */
  readonly alternative?: number;
}

type CommandElements = Readonly<Record<string, CommandElement>>;

export interface Declaration<T extends string = string, E extends CommandElements = CommandElements> {
  readonly type: T;
  /** Value of (0000,0100); undefined if the message itself carries it. */
  readonly commandField: number | undefined;
  readonly elements: E;
}

type MandatoryNames<E extends CommandElements> = {
  [N in keyof E]: E[N]['isOptional'] extends true ? never : N;
}[keyof E];
/** One object instead of several in one. @inline */
type Flat<T> = { [N in keyof T]: T[N] };

/** The type of the messages that a declaration declares. */
export type MessageOf<D> =
  D extends Declaration<infer T, infer E>
    ? Flat<
        { readonly type: T } & { readonly [N in MandatoryNames<E>]: ValueOfVr[E[N]['vr']] } & {
          readonly [N in Exclude<keyof E, MandatoryNames<E>>]?: ValueOfVr[E[N]['vr']] | undefined;
        }
      >
    : never;

function message<T extends string, E extends CommandElements>(
  type: T,
  commandField: number | undefined,
  elements: E,
): Declaration<T, E> {
  return { type, commandField, elements };
}

function required<V extends CommandVr>(number: number, vr: V): CommandElement<V, false> {
  return { number, vr, isOptional: false };
}

function assumed<V extends CommandVr>(number: number, vr: V, value: ValueOfVr[V]): CommandElement<V, false> {
  return { number, vr, isOptional: false, assumed: value };
}

function optional<V extends CommandVr>(number: number, vr: V): CommandElement<V, true> {
  return { number, vr, isOptional: true };
}

/** PS3.7 E.1; the order of the values is not the order of urgency. */
export const PRIORITY = { medium: 0x0000, high: 0x0001, low: 0x0002 } as const;

const RESPONSE_BIT = 0x8000;

/** PS3.7 Annex C: the status, and what may go with it to explain it. */
const STATUS_ELEMENTS = {
  status: required(0x0900, 'US'),
  offendingElement: optional(0x0901, 'AT'),
  errorComment: optional(0x0902, 'LO'),
  errorId: optional(0x0903, 'US'),
};

/** PS3.7 Table 9.3-12. */
const C_ECHO_RQ = message('C-ECHO-RQ', 0x0030, {
  affectedSopClassUid: assumed(0x0002, 'UI', VERIFICATION_SOP_CLASS),
  messageId: required(0x0110, 'US'),
});

/** PS3.7 Table 9.3-13. */
const C_ECHO_RSP = message('C-ECHO-RSP', 0x8030, {
  affectedSopClassUid: optional(0x0002, 'UI'),
  messageIdBeingRespondedTo: required(0x0120, 'US'),
  ...STATUS_ELEMENTS,
});

/** PS3.7 Table 9.3-1. */
const C_STORE_RQ = message('C-STORE-RQ', 0x0001, {
  affectedSopClassUid: required(0x0002, 'UI'),
  messageId: required(0x0110, 'US'),
  priority: assumed(0x0700, 'US', PRIORITY.medium),
  affectedSopInstanceUid: required(0x1000, 'UI'),
  moveOriginatorAeTitle: optional(0x1030, 'AE'),
  moveOriginatorMessageId: optional(0x1031, 'US'),
});

/** PS3.7 Table 9.3-2. */
const C_STORE_RSP = message('C-STORE-RSP', 0x8001, {
  affectedSopClassUid: optional(0x0002, 'UI'),
  messageIdBeingRespondedTo: required(0x0120, 'US'),
  ...STATUS_ELEMENTS,
  affectedSopInstanceUid: optional(0x1000, 'UI'),
});

/** PS3.7 Table 9.3-5. It asks for no response of its own. */
const C_CANCEL_RQ = message('C-CANCEL-RQ', 0x0fff, { messageIdBeingRespondedTo: required(0x0120, 'US') });

/** Any other request, read as far as it takes to answer it. (0000,0003) is the Requested SOP Class UID. */
const UNKNOWN_RQ = message('UNKNOWN-RQ', undefined, {
  affectedSopClassUid: { ...optional(0x0002, 'UI'), alternative: 0x0003 },
  commandField: required(0x0100, 'US'),
  messageId: required(0x0110, 'US'),
});

const UNKNOWN_RSP = message('UNKNOWN-RSP', undefined, {
  affectedSopClassUid: optional(0x0002, 'UI'),
  commandField: required(0x0100, 'US'),
  messageIdBeingRespondedTo: required(0x0120, 'US'),
  ...STATUS_ELEMENTS,
});

/** PS3.7 9.3.5.1. @useDeclaredType */
export type CEchoRq = MessageOf<typeof C_ECHO_RQ>;
/** PS3.7 9.3.5.2. @useDeclaredType */
export type CEchoRsp = MessageOf<typeof C_ECHO_RSP>;
/** PS3.7 9.3.1.1. @useDeclaredType */
export type CStoreRq = MessageOf<typeof C_STORE_RQ>;
/** PS3.7 9.3.1.2. @useDeclaredType */
export type CStoreRsp = MessageOf<typeof C_STORE_RSP>;
/** PS3.7 9.3.2.3. @useDeclaredType */
export type CCancelRq = MessageOf<typeof C_CANCEL_RQ>;
/** A request of an operation that this library does not know. @useDeclaredType */
export type UnknownRq = MessageOf<typeof UNKNOWN_RQ>;
/** The answer to it. @useDeclaredType */
export type UnknownRsp = MessageOf<typeof UNKNOWN_RSP>;

/** The requests that are answered: all but C-CANCEL-RQ. */
export type DimseRequest = CEchoRq | CStoreRq | UnknownRq;
/** The responses: all that carries a status. */
export type DimseResponse = CEchoRsp | CStoreRsp | UnknownRsp;
/** Every command set that is sent or understood. */
export type DimseMessage = DimseRequest | DimseResponse | CCancelRq;

/** Whether we sent it or the peer did. */
export type Direction = 'outgoing' | 'incoming';

const BY_TYPE: Readonly<Record<DimseMessage['type'], Declaration>> = {
  'C-ECHO-RQ': C_ECHO_RQ,
  'C-ECHO-RSP': C_ECHO_RSP,
  'C-STORE-RQ': C_STORE_RQ,
  'C-STORE-RSP': C_STORE_RSP,
  'C-CANCEL-RQ': C_CANCEL_RQ,
  'UNKNOWN-RQ': UNKNOWN_RQ,
  'UNKNOWN-RSP': UNKNOWN_RSP,
};
const BY_COMMAND_FIELD = new Map(Object.values(BY_TYPE).map((declaration) => [declaration.commandField, declaration]));

export function declarationOf(type: DimseMessage['type']): Declaration {
  return BY_TYPE[type];
}

/** The declaration to read a command by; never undefined, since an unknown operation can still be answered. */
export function declarationFor(commandField: number): Declaration {
  return BY_COMMAND_FIELD.get(commandField) ?? ((commandField & RESPONSE_BIT) === 0 ? UNKNOWN_RQ : UNKNOWN_RSP);
}

export function isRequest(message: DimseMessage): message is DimseRequest {
  return 'messageId' in message;
}

export function isResponse(message: DimseMessage): message is DimseResponse {
  return 'status' in message;
}

/** What may explain a status (PS3.7 Annex C). The comment is cut to 64 characters when sent. */
export type StatusDetails = Pick<CStoreRsp, 'offendingElement' | 'errorComment' | 'errorId'>;

/** The response to `request`: its own message id and, where it names them, its SOP class and instance. */
export function responseTo(request: DimseRequest, status: number, details?: StatusDetails): DimseResponse {
  const response = plainResponseTo(request, status);
  return details === undefined ? response : { ...response, ...details };
}

function plainResponseTo(request: DimseRequest, status: number): DimseResponse {
  const { messageId: messageIdBeingRespondedTo, affectedSopClassUid } = request;
  switch (request.type) {
    case 'C-ECHO-RQ':
      return { type: 'C-ECHO-RSP', affectedSopClassUid, messageIdBeingRespondedTo, status };
    case 'C-STORE-RQ': {
      const { affectedSopInstanceUid } = request;
      return { type: 'C-STORE-RSP', affectedSopClassUid, messageIdBeingRespondedTo, status, affectedSopInstanceUid };
    }
    case 'UNKNOWN-RQ': {
      const commandField = request.commandField | RESPONSE_BIT;
      return { type: 'UNKNOWN-RSP', commandField, affectedSopClassUid, messageIdBeingRespondedTo, status };
    }
  }
}
