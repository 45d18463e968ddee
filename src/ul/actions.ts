/** PS3.8 9.2.2: what each action of the state machine does, and the state it leads to. */
import { ABORT_REASONS, ProtocolError } from '../base/errors.js';
import type { Abort, AssociateRj, Pdu } from '../pdu/types.js';
import type { AbortIndication, Indication, Role, State, Transition, UlEffect, UlEvent, UlEventType } from './events.js';
import type { ActionName } from './transition-table.js';

/** Pure: what comes of an event for a side of the association. */
export type Action = (event: UlEvent, role: Role) => Transition;

const SERVICE_USER = 0;
const SERVICE_PROVIDER = 2;

const CONNECT: UlEffect = { do: 'connect' };
const CLOSE: UlEffect = { do: 'close' };
const START_ARTIM: UlEffect = { do: 'start-artim' };
const STOP_ARTIM: UlEffect = { do: 'stop-artim' };
const SEND_RELEASE_RQ: UlEffect = { do: 'send', pdu: { type: 'A-RELEASE-RQ' } };
const SEND_RELEASE_RP: UlEffect = { do: 'send', pdu: { type: 'A-RELEASE-RP' } };
export const PROTOCOL_VERSION_NOT_SUPPORTED: AssociateRj = { type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 2 };

/** PS3.8 Tables 9-6 to 9-9. */
export const ACTIONS: Readonly<Record<ActionName, Action>> = {
  'AE-1': () => to(4, CONNECT),
  'AE-2': on('transport-connected', (event) => to(5, send(event.request))),
  'AE-3': on('associate-ac-received', ({ pdu }) => to(6, indicate({ type: 'associate-confirmation', response: pdu }))),
  'AE-4': on('associate-rj-received', ({ pdu }) =>
    to(1, indicate({ type: 'associate-confirmation', response: pdu }), CLOSE),
  ),
  'AE-5': () => to(2, START_ARTIM),
  'AE-6': on('associate-rq-received', ({ pdu }) => {
    // PS3.8 9.3.2: of the protocol version only bit 0 is tested.
    const supported = (pdu.protocolVersion & 1) === 1;
    return supported
      ? to(3, STOP_ARTIM, indicate({ type: 'associate-indication', request: pdu }))
      : to(13, STOP_ARTIM, send(PROTOCOL_VERSION_NOT_SUPPORTED), START_ARTIM);
  }),
  'AE-7': on('associate-accept', (event) => to(6, send(event.response))),
  'AE-8': on('associate-reject', (event) => to(13, send(event.response), START_ARTIM)),

  'DT-1': sendData(6),
  'DT-2': indicateData(6),

  'AR-1': () => to(7, SEND_RELEASE_RQ),
  'AR-2': () => to(8, indicate({ type: 'release-indication', awaitsResponse: true })),
  'AR-3': () => to(1, indicate({ type: 'release-confirmation', awaitsResponse: false }), CLOSE),
  'AR-4': () => to(13, SEND_RELEASE_RP, START_ARTIM),
  'AR-5': () => to(1, STOP_ARTIM),
  'AR-6': indicateData(7),
  'AR-7': sendData(8),
  'AR-8': (_event, role) =>
    role === 'requestor'
      ? to(9, indicate({ type: 'release-indication', awaitsResponse: true }))
      : to(10, indicate({ type: 'release-indication', awaitsResponse: false })),
  'AR-9': () => to(11, SEND_RELEASE_RP),
  'AR-10': () => to(12, indicate({ type: 'release-confirmation', awaitsResponse: true })),

  'AA-1': (event) => to(13, send(userAbort(event)), START_ARTIM),
  'AA-2': () => to(1, STOP_ARTIM, CLOSE),
  'AA-3': on('abort-received', ({ pdu }) =>
    to(1, indicateAbort({ by: 'peer', source: pdu.source, reason: pdu.reason }), CLOSE),
  ),
  'AA-4': on('transport-closed', ({ error }) => to(1, indicateAbort({ by: 'transport', error }))),
  'AA-5': () => to(1, STOP_ARTIM),
  'AA-6': () => to(13),
  'AA-7': (event) => to(13, send(providerAbort(faultOf(event)))),
  'AA-8': (event) => {
    const error = faultOf(event);
    const abort = providerAbort(error);
    const { source, reason } = abort;
    return to(13, send(abort), indicateAbort({ by: 'provider', source, reason, error }), START_ARTIM);
  },
};

function to(next: State, ...effects: readonly UlEffect[]): Transition {
  return { next, effects };
}

/** An action that the table has in the row of one event only. */
function on<T extends UlEventType>(type: T, act: (event: Extract<UlEvent, { type: T }>) => Transition): Action {
  const isMine = (event: UlEvent): event is Extract<UlEvent, { type: T }> => event.type === type;
  return (event) => {
    if (!isMine(event)) throw new TypeError(`Table 9-10 has an action for ${type} in the row of ${event.type}`);
    return act(event);
  };
}

function sendData(next: State): Action {
  return on('data-request', ({ pdus }) => to(next, { do: 'send-data', pdus }));
}

function indicateData(next: State): Action {
  return on('data-received', ({ fragment }) => to(next, indicate({ type: 'data', fragment })));
}

function send(pdu: Pdu): UlEffect {
  return { do: 'send', pdu };
}

function indicate(indication: Indication): UlEffect {
  return { do: 'indicate', indication };
}

function indicateAbort(abort: Omit<AbortIndication, 'type'>): UlEffect {
  return indicate({ type: 'abort-indication', ...abort });
}

/**
 * AA-1: as the local user asked. In Sta2 it answers a stranger's bytes, and PS3.8 has the service user do that too:
 * source 0, whose reason means nothing and is sent as 0 (PS3.8 Table 9-26); DCMTK sends the same.
 */
function userAbort(event: UlEvent): Abort {
  if (event.type !== 'abort-request') return { type: 'A-ABORT', source: SERVICE_USER, reason: 0 };
  return { type: 'A-ABORT', source: event.source ?? SERVICE_USER, reason: event.reason ?? 0 };
}

function providerAbort(fault: ProtocolError): Abort {
  return { type: 'A-ABORT', source: SERVICE_PROVIDER, reason: ABORT_REASONS[fault.reason] };
}

const PDU_OF: Partial<Record<UlEventType, Pdu['type']>> = {
  'associate-rq-received': 'A-ASSOCIATE-RQ',
  'associate-ac-received': 'A-ASSOCIATE-AC',
  'associate-rj-received': 'A-ASSOCIATE-RJ',
  'data-received': 'P-DATA-TF',
  'release-rq-received': 'A-RELEASE-RQ',
  'release-rp-received': 'A-RELEASE-RP',
};

function faultOf(event: UlEvent): ProtocolError {
  if (event.type === 'invalid-pdu') return event.error;
  return new ProtocolError('unexpected-pdu', `${PDU_OF[event.type] ?? 'a PDU'} out of turn`);
}
