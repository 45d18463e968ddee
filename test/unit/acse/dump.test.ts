/** The blocks of a debug log, line by line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dumpAbort, dumpAssociateAc, dumpAssociateRj, dumpAssociateRq } from '../../../src/acse/dump.js';
import type { AssociateAc, AssociateRq } from '../../../src/pdu/types.js';

const CR = '1.2.840.10008.5.1.4.1.1.1';
const CT = '1.2.840.10008.5.1.4.1.1.2';
const PRIVATE = '1.2.3.4';
const IMPLICIT_LE = '1.2.840.10008.1.2';
const EXPLICIT_LE = '1.2.840.10008.1.2.1';

const RQ: AssociateRq = {
  type: 'A-ASSOCIATE-RQ',
  protocolVersion: 1,
  calledAeTitle: 'ANY-SCP',
  callingAeTitle: 'STORESCU',
  applicationContext: '1.2.840.10008.3.1.1.1',
  presentationContexts: [
    { id: 1, abstractSyntax: CR, transferSyntaxes: [EXPLICIT_LE, IMPLICIT_LE] },
    { id: 3, abstractSyntax: PRIVATE, transferSyntaxes: [IMPLICIT_LE] },
  ],
  userInformation: {
    maximumLength: 16_382,
    implementationClassUid: '1.2.826.0.1.3680043.9.3811.0.9.1',
    implementationVersionName: 'SOMETHING_091',
    roleSelections: [],
    extendedNegotiations: [],
    commonExtendedNegotiations: [],
  },
};

const AC: AssociateAc = {
  ...RQ,
  type: 'A-ASSOCIATE-AC',
  presentationContexts: [
    { id: 1, result: 0, transferSyntax: IMPLICIT_LE },
    { id: 3, result: 3, transferSyntax: IMPLICIT_LE },
    { id: 5, result: 4, transferSyntax: '' },
    { id: 7, result: 9, transferSyntax: '' },
  ],
  userInformation: {
    maximumLength: 16_384,
    implementationClassUid: '1.2.3',
    implementationVersionName: 'OTHER',
    roleSelections: [],
    extendedNegotiations: [],
  },
};

test('a request of ours', () => {
  assert.deepEqual(dumpAssociateRq(RQ, 'ours'), [
    'Request Parameters:',
    '====================== BEGIN A-ASSOCIATE-RQ =====================',
    'Our Implementation Class UID:      1.2.826.0.1.3680043.9.3811.0.9.1',
    'Our Implementation Version Name:   SOMETHING_091',
    'Application Context Name:    1.2.840.10008.3.1.1.1',
    'Calling Application Name:    STORESCU        ',
    'Called Application Name:     ANY-SCP         ',
    'Our Max PDU Receive Size:    16382',
    'Presentation Contexts:',
    '  Context ID:        1 (Proposed)',
    '    Abstract Syntax: =Computed Radiography Image Storage',
    '    Proposed SCP/SCU Role: Default',
    '    Proposed Transfer Syntaxes:',
    '      =Explicit VR Little Endian',
    '      =Implicit VR Little Endian',
    '  Context ID:        3 (Proposed)',
    '    Abstract Syntax: =1.2.3.4',
    '    Proposed SCP/SCU Role: Default',
    '    Proposed Transfer Syntax:',
    '      =Implicit VR Little Endian',
    'Requested Extended Negotiation: None',
    'Requested Common Extended Negotiation: None',
    'Requested User Identity Negotiation: None',
    '======================= END A-ASSOCIATE-RQ ======================',
  ]);
});

test('a request of theirs with one context and all that can be negotiated', () => {
  const lines = dumpAssociateRq(
    {
      ...RQ,
      presentationContexts: [{ id: 1, abstractSyntax: CT, transferSyntaxes: [IMPLICIT_LE] }],
      userInformation: {
        roleSelections: [{ sopClassUid: CT, scuRole: true, scpRole: true }],
        extendedNegotiations: [{ sopClassUid: CT, applicationInformation: Buffer.from([1, 0x2f]) }],
        commonExtendedNegotiations: [
          { sopClassUid: PRIVATE, serviceClassUid: '1.2.840.10008.4.2', relatedGeneralSopClassUids: [CT] },
          { sopClassUid: '1.2.5', serviceClassUid: '1.2.840.10008.4.2', relatedGeneralSopClassUids: [] },
        ],
        asynchronousOperationsWindow: { maximumInvoked: 8, maximumPerformed: 1 },
        userIdentity: {
          type: 2,
          positiveResponseRequested: true,
          primaryField: Buffer.from('jürgen\n'),
          secondaryField: Buffer.from('secret'),
        },
      },
    },
    'theirs',
  );
  assert.deepEqual(lines.slice(2, 4), [
    'Their Implementation Class UID:    unknown',
    'Their Implementation Version Name: unknown',
  ]);
  assert.deepEqual(lines.slice(7), [
    'Their Max PDU Receive Size:  unknown',
    'Presentation Context:',
    '  Context ID:        1 (Proposed)',
    '    Abstract Syntax: =CT Image Storage',
    '    Proposed SCP/SCU Role: SCP/SCU',
    '    Proposed Transfer Syntax:',
    '      =Implicit VR Little Endian',
    'Requested Extended Negotiation:',
    '  SOP Class: =CT Image Storage',
    '    [ 01 2f ]',
    'Requested Common Extended Negotiation:',
    '  SOP Class: =1.2.3.4',
    '    Service Class: =Storage Service Class',
    '    Related General SOP Classes:',
    '      =CT Image Storage',
    '  SOP Class: =1.2.5',
    '    Service Class: =Storage Service Class',
    '    Related General SOP Classes: None',
    'Requested Asynchronous Operations Window Negotiation:',
    '  Maximum Invoked Operations:     8',
    '  Maximum Performed Operations:   1',
    'Requested User Identity Negotiation:',
    '  Authentication Mode: 2 - Username and Passcode',
    '  Username: [jürgen\\n]',
    '  Passcode (not dumped) length: 6',
    '  Positive Response Requested: Yes',
    '======================= END A-ASSOCIATE-RQ ======================',
  ]);
});

test('what proves an identity is never shown', () => {
  for (const [type, words] of [
    [3, 'Kerberos Service Ticket'],
    [4, 'SAML Assertion'],
    [5, 'JSON Web Token'],
    [9, 'Unknown'],
  ] as const) {
    const userIdentity = {
      type,
      positiveResponseRequested: false,
      primaryField: Buffer.from('secret'),
      secondaryField: Buffer.from('secret'),
    };
    const lines = dumpAssociateRq({ ...RQ, userInformation: { ...RQ.userInformation, userIdentity } }, 'theirs');
    assert.ok(lines.includes(`  Authentication Mode: ${type} - ${words}`));
    assert.ok(lines.includes(`  ${words} (not dumped) length: 6`));
    assert.ok(!lines.join().includes('secret'));
  }
});

test('an acceptance of theirs', () => {
  assert.deepEqual(dumpAssociateAc(AC, 'theirs'), [
    'Accept Parameters:',
    '====================== BEGIN A-ASSOCIATE-AC =====================',
    'Their Implementation Class UID:    1.2.3',
    'Their Implementation Version Name: OTHER',
    'Application Context Name:    1.2.840.10008.3.1.1.1',
    'Calling Application Name:    STORESCU        ',
    'Called Application Name:     ANY-SCP         ',
    'Their Max PDU Receive Size:  16384',
    'Presentation Contexts:',
    '  Context ID:        1 (Accepted)',
    '    Accepted Transfer Syntax: =Implicit VR Little Endian',
    '  Context ID:        3 (Abstract Syntax Not Supported)',
    '  Context ID:        5 (Transfer Syntaxes Not Supported)',
    '  Context ID:        7 (Result 9)',
    'Accepted Extended Negotiation: None',
    'Accepted Common Extended Negotiation: None',
    'Accepted Asynchronous Operations Window Negotiation: None',
    'User Identity Negotiation Response:  None',
    '======================= END A-ASSOCIATE-AC ======================',
  ]);
});

test('an acceptance of ours with all that can be answered', () => {
  const lines = dumpAssociateAc(
    {
      ...AC,
      presentationContexts: [],
      userInformation: {
        ...AC.userInformation,
        roleSelections: [
          { sopClassUid: CT, scuRole: false, scpRole: true },
          { sopClassUid: PRIVATE, scuRole: false, scpRole: false },
        ],
        extendedNegotiations: [{ sopClassUid: CT, applicationInformation: Buffer.alloc(40) }],
        asynchronousOperationsWindow: { maximumInvoked: 1, maximumPerformed: 1 },
        userIdentityResponse: Buffer.alloc(0),
      },
    },
    'ours',
  );
  assert.deepEqual(lines.slice(2, 4), [
    'Our Implementation Class UID:      1.2.3',
    'Our Implementation Version Name:   OTHER',
  ]);
  assert.deepEqual(lines.slice(7), [
    'Our Max PDU Receive Size:    16384',
    'Presentation Contexts:',
    'Accepted Role Selection:',
    '  SOP Class: =CT Image Storage',
    '    SCP/SCU Role: SCP',
    '  SOP Class: =1.2.3.4',
    '    SCP/SCU Role: None',
    'Accepted Extended Negotiation:',
    '  SOP Class: =CT Image Storage',
    `    [ ${'00 '.repeat(32)}... (40 bytes) ]`,
    'Accepted Common Extended Negotiation: None',
    'Accepted Asynchronous Operations Window Negotiation:',
    '  Maximum Invoked Operations:     1',
    '  Maximum Performed Operations:   1',
    'User Identity Negotiation Response:  Yes',
    '======================= END A-ASSOCIATE-AC ======================',
  ]);
});

test('a rejection', () => {
  assert.deepEqual(dumpAssociateRj({ type: 'A-ASSOCIATE-RJ', result: 1, source: 1, reason: 7 }), [
    'Reject Parameters:',
    '====================== BEGIN A-ASSOCIATE-RJ =====================',
    'Result:    rejected permanent',
    'Source:    service user',
    'Reason:    called AE title not recognized',
    '======================= END A-ASSOCIATE-RJ ======================',
  ]);
});

test('an abort', () => {
  const lines = dumpAbort({ source: 2, reason: 6 });
  assert.deepEqual(lines, [
    'Abort Parameters:',
    '========================= BEGIN A-ABORT =========================',
    'Abort Source: service provider',
    'Abort Reason: invalid PDU parameter value',
    '========================== END A-ABORT ==========================',
  ]);
});

test('a peer cannot make lines of its own', () => {
  const lines = dumpAssociateRq(
    {
      ...RQ,
      callingAeTitle: 'X\r\nE: forged',
      applicationContext: '1.2\n3',
      presentationContexts: [{ id: 1, abstractSyntax: '1\u009b2', transferSyntaxes: ['\u001b[2J'] }],
      userInformation: { ...RQ.userInformation, implementationVersionName: 'a\u007fb' },
    },
    'theirs',
  );
  assert.ok(lines.every((line) => !/\p{Cc}/u.test(line)));
  assert.ok(lines.includes('Calling Application Name:    X\\r\\nE: forged  '));
});
