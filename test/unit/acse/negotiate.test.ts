/** Requests and policies to answers, and answers to usable contexts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type AcceptPolicy,
  acceptance,
  acceptedContexts,
  agreedWindow,
  LOCAL_LIMIT_EXCEEDED,
  refusal,
  type SupportedSyntaxes,
  type TitlePolicy,
  USER_NOT_ACCEPTED,
  USER_NOT_CHECKED,
} from '../../../src/acse/negotiate.js';
import { associateRq } from '../../../src/acse/propose.js';
import { encodePdu } from '../../../src/pdu/codec.js';
import type { AssociateAc, AssociateRq, UserInformationRq } from '../../../src/pdu/types.js';
import { associateAcs, associateRqs } from '../../support/pdu-arbitraries.js';

const CT = '1.2.840.10008.5.1.4.1.1.2';
const UNKNOWN = '1.2.3.4';
const IMPLICIT_LE = '1.2.840.10008.1.2';
const EXPLICIT_LE = '1.2.840.10008.1.2.1';
const EXPLICIT_BE = '1.2.840.10008.1.2.2';
const JPEG_2000 = '1.2.840.10008.1.2.4.90';
const JPEG_LS = '1.2.840.10008.1.2.4.80';

const NATIVE: SupportedSyntaxes = { preferred: [EXPLICIT_LE, EXPLICIT_BE, IMPLICIT_LE] };
const ANY: SupportedSyntaxes = { ...NATIVE, acceptsOthers: () => true };
const POLICY: AcceptPolicy = {
  supports: (abstractSyntax) => (abstractSyntax === CT ? NATIVE : undefined),
  maxPduLength: 16_384,
};

function request(information: Partial<UserInformationRq> = {}, transferSyntaxes: readonly string[] = [IMPLICIT_LE]) {
  const contexts = [{ id: 1, abstractSyntax: CT, transferSyntaxes }];
  const rq = associateRq({ calledAeTitle: 'ANY-SCP', callingAeTitle: 'STORESCU', contexts, maxPduLength: 16_382 });
  return { ...rq, userInformation: { ...rq.userInformation, ...information } };
}

function accepted(rq: AssociateRq, policy = POLICY): AssociateAc {
  assert.equal(refusal(rq, {}), undefined);
  return acceptance(rq, policy);
}

const isStorescp = (title: string) => title === 'STORESCP';
const isStorescu = (title: string) => title === 'STORESCU';

const REJECTED: readonly (readonly [name: string, rq: AssociateRq, policy: TitlePolicy, codes: number[]])[] = [
  ['another application context', { ...request(), applicationContext: '1.2.3' }, {}, [1, 1, 2]],
  ['an empty application context', { ...request(), applicationContext: '' }, {}, [1, 1, 2]],
  ['a called AE title that is not ours', request(), { acceptCalledAeTitle: isStorescp }, [1, 1, 7]],
  ['a calling AE title that is not welcome', request(), { acceptCallingAeTitle: isStorescp }, [1, 1, 3]],
];

for (const [name, rq, policy, [result, source, reason]] of REJECTED)
  test(`${name} is rejected`, () => {
    assert.deepEqual(refusal(rq, policy), { type: 'A-ASSOCIATE-RJ', result, source, reason });
  });

test('AE titles that are right, or do not count, are not refused', () => {
  assert.equal(refusal(request(), {}), undefined);
  assert.equal(refusal({ ...request(), calledAeTitle: '', callingAeTitle: '' }, {}), undefined);
  const titles = { acceptCalledAeTitle: isStorescp, acceptCallingAeTitle: isStorescu };
  assert.equal(refusal({ ...request(), calledAeTitle: 'STORESCP' }, titles), undefined);
});

// PS3.7 D.3.3.7.3, PS3.8 Table 9-21: "rejected-permanent", "DICOM UL service-provider (ACSE related function)".
test('a user who is refused is refused for good, one whom nobody could look at for now', () => {
  assert.deepEqual(USER_NOT_ACCEPTED, { type: 'A-ASSOCIATE-RJ', result: 1, source: 2, reason: 1 });
  assert.deepEqual(USER_NOT_CHECKED, { type: 'A-ASSOCIATE-RJ', result: 2, source: 2, reason: 1 });
});

test('the limit of an acceptor is a transient rejection', () => {
  assert.deepEqual(LOCAL_LIMIT_EXCEEDED, { type: 'A-ASSOCIATE-RJ', result: 2, source: 3, reason: 2 });
});

for (const [name, proposed, supported, result, transferSyntax] of [
  ["the acceptor's order decides", [IMPLICIT_LE, EXPLICIT_BE, EXPLICIT_LE], NATIVE, 0, EXPLICIT_LE],
  ['the only common one is taken', [JPEG_2000, IMPLICIT_LE], NATIVE, 0, IMPLICIT_LE],
  ['a preferred one goes before any other', [JPEG_2000, IMPLICIT_LE], ANY, 0, IMPLICIT_LE],
  ['of the others the first proposed is taken', [JPEG_2000, JPEG_LS], ANY, 0, JPEG_2000],
  [
    'others are taken only if they are welcome',
    [JPEG_2000, JPEG_LS],
    { ...NATIVE, acceptsOthers: (uid: string) => uid === JPEG_LS },
    0,
    JPEG_LS,
  ],
  ['no common one is a rejection with the first proposed', [JPEG_2000, JPEG_LS], NATIVE, 4, JPEG_2000],
  ['no proposed one is a rejection too', [], ANY, 4, ''],
  ['an abstract syntax not served is a rejection', [JPEG_2000, IMPLICIT_LE], undefined, 3, JPEG_2000],
] as const)
  test(`of the transfer syntaxes ${name}`, () => {
    const policy = { ...POLICY, supports: () => supported };
    assert.deepEqual(accepted(request({}, proposed), policy).presentationContexts, [{ id: 1, result, transferSyntax }]);
  });

test('each context is answered by its id, in the order of the request', () => {
  const rq = {
    ...request(),
    presentationContexts: [
      { id: 5, abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LE] },
      { id: 1, abstractSyntax: UNKNOWN, transferSyntaxes: [IMPLICIT_LE] },
      { id: 255, abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] },
      { id: 3, abstractSyntax: CT, transferSyntaxes: [JPEG_2000] },
    ],
  };
  assert.deepEqual(accepted(rq).presentationContexts, [
    { id: 5, result: 0, transferSyntax: EXPLICIT_LE },
    { id: 1, result: 3, transferSyntax: IMPLICIT_LE },
    { id: 255, result: 0, transferSyntax: IMPLICIT_LE },
    { id: 3, result: 4, transferSyntax: JPEG_2000 },
  ]);
});

test('an acceptance copies the AE titles and speaks for itself in the rest', () => {
  const { userInformation, ...rest } = accepted({ ...request(), protocolVersion: 3 });
  assert.deepEqual(rest, {
    type: 'A-ASSOCIATE-AC',
    protocolVersion: 1,
    calledAeTitle: 'ANY-SCP',
    callingAeTitle: 'STORESCU',
    applicationContext: '1.2.840.10008.3.1.1.1',
    presentationContexts: [{ id: 1, result: 0, transferSyntax: IMPLICIT_LE }],
  });
  assert.equal(userInformation.maximumLength, 16_384);
  assert.match(userInformation.implementationVersionName ?? '', /^NETDICOM_/);
});

for (const [proposed, policy, answer] of [
  [undefined, undefined, undefined],
  [[8, 1], undefined, [1, 1]],
  [[0, 0], undefined, [1, 1]],
  [[8, 4], { maximumInvoked: 2, maximumPerformed: 16 }, [8, 2]],
  [[8, 4], { maximumInvoked: 0, maximumPerformed: 0 }, [8, 4]],
  [[0, 0], { maximumInvoked: 3, maximumPerformed: 5 }, [5, 3]],
  [[0, 0], { maximumInvoked: 0, maximumPerformed: 0 }, [0, 0]],
] as const)
  test(`the window ${proposed} is answered ${answer} by an acceptor of ${JSON.stringify(policy)}`, () => {
    const window = ([maximumInvoked, maximumPerformed]: readonly [number, number]) => ({
      maximumInvoked,
      maximumPerformed,
    });
    const rq = request({ asynchronousOperationsWindow: proposed && window(proposed) });
    const { userInformation } = accepted(rq, { ...POLICY, asynchronousOperations: policy });
    assert.deepEqual(userInformation.asynchronousOperationsWindow, answer && window(answer));
  });

for (const [proposed, granted, agreed] of [
  [undefined, undefined, [1, 1]],
  [[16, 1], undefined, [1, 1]],
  [undefined, [16, 16], [1, 1]],
  [undefined, [0, 0], [1, 1]],
  [
    [16, 1],
    [1, 1],
    [1, 1],
  ],
  [
    [16, 1],
    [4, 1],
    [4, 1],
  ],
  [
    [16, 1],
    [16, 1],
    [16, 1],
  ],
  [
    [16, 1],
    [17, 5],
    [16, 1],
  ],
  [
    [16, 1],
    [0, 0],
    [16, 1],
  ],
  [
    [0, 0],
    [4, 8],
    [4, 8],
  ],
  [
    [0, 0],
    [0, 0],
    [0, 0],
  ],
  [
    [65_535, 2],
    [65_535, 1],
    [65_535, 1],
  ],
] as const)
  test(`a window of ${proposed} that is granted ${granted} is one of ${agreed}`, () => {
    const window = ([maximumInvoked, maximumPerformed]: readonly [number, number]) => ({
      maximumInvoked,
      maximumPerformed,
    });
    const rq = request({ asynchronousOperationsWindow: proposed && window(proposed) });
    const { userInformation, ...ac } = accepted(rq);
    const answer = { ...userInformation, asynchronousOperationsWindow: granted && window(granted) };
    assert.deepEqual(agreedWindow(rq, { ...ac, userInformation: answer }), window(agreed));
  });

test('of the roles proposed the requestor gets that of a user, and never that of a provider', () => {
  const roles = (proposed: readonly [scu: boolean, scp: boolean], policy: Partial<AcceptPolicy> = {}) => {
    const roleSelections = [{ sopClassUid: CT, scuRole: proposed[0], scpRole: proposed[1] }];
    const answer = accepted(request({ roleSelections }), { ...POLICY, ...policy }).userInformation.roleSelections;
    return answer.map((role) => [role.sopClassUid, role.scuRole, role.scpRole]);
  };
  assert.deepEqual(roles([true, true]), [[CT, true, false]]);
  assert.deepEqual(roles([false, true]), [[CT, false, false]]);
  assert.deepEqual(roles([true, false]), [[CT, true, false]]);
  assert.deepEqual(roles([true, true], { supports: () => undefined }), []);
});

test('extended and common extended negotiation are not answered', () => {
  const { userInformation } = accepted(
    request({
      extendedNegotiations: [{ sopClassUid: CT, applicationInformation: Buffer.from([1]) }],
      commonExtendedNegotiations: [
        { sopClassUid: UNKNOWN, serviceClassUid: '1.2.840.10008.4.2', relatedGeneralSopClassUids: [CT] },
      ],
    }),
  );
  assert.deepEqual(userInformation.extendedNegotiations, []);
});

for (const [name, rq, userIdentityResponse, answer] of [
  ['no identity', request(), Buffer.alloc(0), undefined],
  ['an identity that nobody looks at', request({ userIdentity: identity(true) }), undefined, undefined],
  [
    'an accepted identity, no response requested,',
    request({ userIdentity: identity(false) }),
    Buffer.alloc(0),
    undefined,
  ],
  ['an accepted name, response requested,', request({ userIdentity: identity(true) }), Buffer.alloc(0), ''],
  ['an accepted ticket, response requested,', request({ userIdentity: identity(true) }), Buffer.from('ours'), 'ours'],
] as const)
  test(`${name} is answered with ${answer === undefined ? 'no item' : `the response '${answer}'`}`, () => {
    const { userInformation } = accepted(rq, { ...POLICY, userIdentityResponse });
    assert.equal(userInformation.userIdentityResponse?.toString(), answer);
  });

test('whatever is requested, the answer can be sent, has one result for each context, and gives nothing not proposed', () => {
  const supported = fc.constantFrom(undefined, NATIVE, ANY);
  fc.assert(
    fc.property(associateRqs, supported, (rq, syntaxes) => {
      const ac = accepted(
        { ...rq, applicationContext: '1.2.840.10008.3.1.1.1' },
        { ...POLICY, supports: () => syntaxes },
      );
      encodePdu(ac);
      assert.deepEqual(
        ac.presentationContexts.map((context) => context.id),
        rq.presentationContexts.map((context) => context.id),
      );
      for (const [id, context] of acceptedContexts(rq, ac)) {
        const proposed = rq.presentationContexts.find((candidate) => candidate.id === id);
        assert.ok(proposed?.transferSyntaxes.includes(context.transferSyntax));
      }
    }),
  );
});

test('usable are the accepted contexts, in the order proposed', () => {
  const rq = {
    ...request(),
    presentationContexts: [
      { id: 1, abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] },
      { id: 3, abstractSyntax: UNKNOWN, transferSyntaxes: [IMPLICIT_LE] },
      { id: 5, abstractSyntax: CT, transferSyntaxes: [EXPLICIT_LE, JPEG_2000] },
    ],
  };
  const ac = accepted(rq);
  const reversed = { ...ac, presentationContexts: ac.presentationContexts.toReversed() };
  assert.deepEqual(
    [...acceptedContexts(rq, reversed)],
    [
      [1, { id: 1, abstractSyntax: CT, transferSyntax: IMPLICIT_LE }],
      [5, { id: 5, abstractSyntax: CT, transferSyntax: EXPLICIT_LE }],
    ],
  );
});

test('answers to what was never proposed are left out', () => {
  const answered = (id: number, transferSyntax: string): AssociateAc => ({
    ...accepted(request()),
    presentationContexts: [{ id, result: 0, transferSyntax }],
  });
  assert.equal(acceptedContexts(request(), answered(1, IMPLICIT_LE)).size, 1);
  assert.equal(acceptedContexts(request(), answered(7, IMPLICIT_LE)).size, 0);
  assert.equal(acceptedContexts(request(), answered(1, EXPLICIT_LE)).size, 0);
  assert.equal(acceptedContexts(request(), answered(1, '')).size, 0);
});

test('any answer to any request is read without fault', () => {
  fc.assert(
    fc.property(associateRqs, associateAcs, (rq, ac) => {
      const ids = new Set(rq.presentationContexts.map((context) => context.id));
      for (const id of acceptedContexts(rq, ac).keys()) assert.ok(ids.has(id));
    }),
  );
});

function identity(positiveResponseRequested: boolean) {
  return { type: 1, positiveResponseRequested, primaryField: Buffer.from('bob'), secondaryField: Buffer.alloc(0) };
}
