/** Which ends of an association may pass, so that another is worth a try. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AssociationAborted,
  AssociationRejected,
  ProtocolError,
  TimeoutError,
  TransportError,
  UsageError,
} from '../../../src/base/errors.js';
import { isPassingError } from '../../../src/services/passing.js';

const transportError = (code: string) =>
  new TransportError('lost', { cause: Object.assign(new Error(code), { code }) });

const ENDS: readonly (readonly [what: string, error: unknown, isPassing: boolean])[] = [
  ['an abort by the peer', new AssociationAborted({ by: 'peer', source: 0, reason: 0 }), true],
  ['an abort by the provider', new AssociationAborted({ by: 'provider', source: 2, reason: 1 }), true],
  ['an abort of our own', new AssociationAborted({ by: 'local' }), false],
  ['a rejection for the time being', new AssociationRejected({ result: 2, source: 3, reason: 1 }), true],
  ['a rejection for good', new AssociationRejected({ result: 1, source: 1, reason: 7 }), false],
  ['silence', new TimeoutError('dimse', 1000, 'a response'), true],
  ['a breach of the protocol', new ProtocolError('unexpected-pdu', 'what is that?'), true],
  ['a connection that is lost', transportError('ECONNRESET'), true],
  ['a certificate that is not good', transportError('ERR_TLS_CERT_ALTNAME_INVALID'), false],
  ['a wrong option', new UsageError('no'), false],
];

for (const [what, error, isPassing] of ENDS)
  test(`${what} ${isPassing ? 'may pass' : 'is final'}`, () => assert.equal(isPassingError(error), isPassing));
