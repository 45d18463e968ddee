/** What is wanted becomes presentation contexts and a request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { associateRq, proposeContexts, type WantedContext } from '../../../src/acse/propose.js';
import { UsageError } from '../../../src/base/errors.js';
import { decodePdu, encodePdu } from '../../../src/pdu/codec.js';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const MR = '1.2.840.10008.5.1.4.1.1.4';
const IMPLICIT_LE = '1.2.840.10008.1.2';
const EXPLICIT_LE = '1.2.840.10008.1.2.1';

test('contexts get odd ids in the order wanted', () => {
  assert.deepEqual(
    proposeContexts([
      { abstractSyntax: MR, transferSyntaxes: [EXPLICIT_LE, IMPLICIT_LE] },
      { abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] },
    ]),
    [
      { id: 1, abstractSyntax: MR, transferSyntaxes: [EXPLICIT_LE, IMPLICIT_LE] },
      { id: 3, abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] },
    ],
  );
});

test('equal contexts are proposed once, others of the same class each', () => {
  const proposed = proposeContexts([
    { abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE, EXPLICIT_LE] },
    { abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] },
    { abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE, EXPLICIT_LE] },
    { abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LE, IMPLICIT_LE] },
  ]);
  assert.deepEqual(
    proposed.map((context) => context.transferSyntaxes),
    [[IMPLICIT_LE, EXPLICIT_LE], [IMPLICIT_LE], [EXPLICIT_LE, IMPLICIT_LE]],
  );
});

test('a context without a transfer syntax cannot be proposed, nor none at all', () => {
  assert.throws(() => proposeContexts([{ abstractSyntax: CT, transferSyntaxes: [] }]), UsageError);
  assert.throws(() => proposeContexts([]), UsageError);
});

test('128 contexts go on an association, and no more', () => {
  const contexts = proposeContexts(wantedClasses(128));
  assert.deepEqual([contexts.length, contexts[0]?.id, contexts.at(-1)?.id], [128, 1, 255]);
  assert.throws(() => proposeContexts(wantedClasses(129)), UsageError);
});

test('every distinct context is proposed exactly once, in the order first wanted', () => {
  const some = fc.record({
    abstractSyntax: fc.constantFrom('1.1', '1.2', '1.3'),
    transferSyntaxes: fc.array(fc.constantFrom('2.1', '2.2'), { minLength: 1, maxLength: 2 }),
  });
  fc.assert(
    fc.property(fc.array(some, { minLength: 1 }), fc.nat(100), (wanted, more) => {
      const all = [...wanted, ...wantedClasses(more)];
      const key = (context: WantedContext) => [context.abstractSyntax, ...context.transferSyntaxes].join(' ');
      assert.deepEqual(proposeContexts(all).map(key), [...new Set(all.map(key))]);
    }),
  );
});

test('a request names this implementation and negotiates nothing that it is not told to', () => {
  const contexts = proposeContexts([{ abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] }]);
  const request = associateRq({ calledAeTitle: 'ANY-SCP', callingAeTitle: 'ECHOSCU', contexts, maxPduLength: 16_384 });
  const { userInformation, ...rest } = decoded(encodePdu(request));
  assert.deepEqual(rest, {
    type: 'A-ASSOCIATE-RQ',
    protocolVersion: 1,
    calledAeTitle: 'ANY-SCP',
    callingAeTitle: 'ECHOSCU',
    applicationContext: '1.2.840.10008.3.1.1.1',
    presentationContexts: contexts,
  });
  const { implementationClassUid, implementationVersionName, ...negotiated } = userInformation;
  assert.match(implementationClassUid ?? '', /^2\.25\.\d+$/);
  assert.match(implementationVersionName ?? '', /^NETDICOM_\w{1,7}$/);
  assert.deepEqual(negotiated, {
    maximumLength: 16_384,
    roleSelections: [],
    extendedNegotiations: [],
    commonExtendedNegotiations: [],
  });
});

test('a request carries what it is told to negotiate', () => {
  const negotiated = {
    asynchronousOperationsWindow: { maximumInvoked: 8, maximumPerformed: 1 },
    userIdentity: {
      type: 1,
      positiveResponseRequested: false,
      primaryField: Buffer.from('bob'),
      secondaryField: Buffer.alloc(0),
    },
  };
  const contexts = proposeContexts(wantedClasses(1));
  const { userInformation } = associateRq({
    calledAeTitle: 'A',
    callingAeTitle: 'B',
    contexts,
    maxPduLength: 0,
    ...negotiated,
  });
  const { maximumLength, asynchronousOperationsWindow, userIdentity } = userInformation;
  assert.equal(maximumLength, 0);
  assert.deepEqual({ asynchronousOperationsWindow, userIdentity }, negotiated);
});

function wantedClasses(count: number): readonly WantedContext[] {
  return Array.from({ length: count }, (_, index) => ({
    abstractSyntax: `1.9.${index}`,
    transferSyntaxes: [IMPLICIT_LE],
  }));
}

function decoded(bytes: Buffer) {
  const pdu = decodePdu(bytes.readUInt8(0), bytes.subarray(6));
  assert.ok(pdu.type === 'A-ASSOCIATE-RQ');
  return pdu;
}
