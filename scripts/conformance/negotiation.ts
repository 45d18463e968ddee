/** The tables of what is negotiated (PS3.7 Annex D), refused (PS3.8 Table 9-21) and aborted (PS3.8 Table 9-26). */
import { abortInWords, rejectionInWords } from '../../src/base/errors.js';
import type { AssociateAc, AssociateRj, UserInformation, UserInformationRq } from '../../src/pdu/types.js';
import { abortAfter, ask, askBesides, type Change, withStorescp } from './acceptor.js';
import { table } from './markdown.js';
import { proposals } from './requestor.js';

const VERIFICATION = '1.2.840.10008.1.1';
const NOT_PROPOSED = 'not proposed';
const NOT_ANSWERED = 'not answered';

/** One item of the user information, as proposed to storescp to see its answer. */
const PROPOSED: Partial<UserInformationRq> = {
  asynchronousOperationsWindow: { maximumInvoked: 0, maximumPerformed: 0 },
  roleSelections: [{ sopClassUid: VERIFICATION, scuRole: true, scpRole: true }],
  extendedNegotiations: [{ sopClassUid: VERIFICATION, applicationInformation: Buffer.from([1]) }],
  commonExtendedNegotiations: [
    { sopClassUid: VERIFICATION, serviceClassUid: '1.2.840.10008.4.2', relatedGeneralSopClassUids: [] },
  ],
  userIdentity: {
    type: 1,
    positiveResponseRequested: true,
    primaryField: Buffer.from('user'),
    secondaryField: Buffer.alloc(0),
  },
};

/** By the name of the place of each. */
export async function negotiation(): Promise<readonly (readonly [string, string])[]> {
  const [single] = await proposals([[]], true);
  const [several] = await proposals([[]]);
  return await withStorescp([], async (port) => {
    const answer = acceptance(await ask(port, { userInformation: PROPOSED }));
    const plain = acceptance(await ask(port));
    if (single === undefined || several === undefined) throw new Error('nothing was proposed');
    return [
      [
        'negotiation',
        items({ single: single.request.userInformation, several: several.request.userInformation, answer, plain }),
      ],
      ['answers', await answers(port)],
      ['aborts', await aborts(port)],
    ];
  });
}

function acceptance(answer: AssociateAc | AssociateRj): AssociateAc['userInformation'] {
  if (answer.type === 'A-ASSOCIATE-RJ') throw new Error('rejected');
  return answer.userInformation;
}

interface Seen {
  readonly single: UserInformationRq;
  readonly several: UserInformationRq;
  readonly answer: AssociateAc['userInformation'];
  readonly plain: AssociateAc['userInformation'];
}

function items({ single, several, answer, plain }: Seen): string {
  const [role] = answer.roleSelections;
  const rows: readonly (readonly string[])[] = [
    [
      'Implementation Class UID',
      several.implementationClassUid ?? NOT_PROPOSED,
      answer.implementationClassUid ?? NOT_ANSWERED,
    ],
    [
      'Implementation Version Name',
      several.implementationVersionName ?? NOT_PROPOSED,
      answer.implementationVersionName ?? NOT_ANSWERED,
    ],
    ['Maximum Length', String(several.maximumLength), String(answer.maximumLength)],
    [
      'Asynchronous Operations Window',
      `${windowOf(several)} for several files; ${windowOf(single)} for one`,
      `${windowOf(answer)} at most; ${plain.asynchronousOperationsWindow === undefined ? NOT_ANSWERED : windowOf(plain)} if it was not proposed`,
    ],
    [
      'SCP/SCU Role Selection',
      several.roleSelections.length === 0 ? NOT_PROPOSED : 'proposed',
      role === undefined ? NOT_ANSWERED : `SCU role ${yesOrNo(role.scuRole)}, SCP role ${yesOrNo(role.scpRole)}`,
    ],
    [
      'SOP Class Extended Negotiation',
      several.extendedNegotiations.length === 0 ? NOT_PROPOSED : 'proposed',
      answer.extendedNegotiations.length === 0 ? NOT_ANSWERED : 'answered',
    ],
    [
      'SOP Class Common Extended Negotiation',
      several.commonExtendedNegotiations.length === 0 ? NOT_PROPOSED : 'proposed',
      'there is no answer to it',
    ],
    [
      'User Identity',
      several.userIdentity === undefined ? NOT_PROPOSED : 'proposed',
      answer.userIdentityResponse === undefined ? 'accepted and not looked at, not answered' : 'answered',
    ],
  ];
  return table(['Item', 'storescu proposes', 'storescp answers'], rows);
}

function windowOf({ asynchronousOperationsWindow: window }: UserInformation): string {
  return window === undefined ? NOT_PROPOSED : `${window.maximumInvoked} invoked, ${window.maximumPerformed} performed`;
}

function yesOrNo(yes: boolean): string {
  return yes ? 'yes' : 'no';
}

const REQUESTS: readonly (readonly [what: string, change: Change])[] = [
  ['for another Called AE title', { calledAeTitle: 'SOMEBODY' }],
  ['from any Calling AE title, even an empty one', { callingAeTitle: '' }],
  [
    'with no context that is accepted',
    { presentationContexts: [{ id: 1, abstractSyntax: '1.2.3', transferSyntaxes: ['1.2.3'] }] },
  ],
  ['in another application context', { applicationContext: '1.2.3' }],
  ['of another protocol version', { protocolVersion: 2 }],
  ['with a maximum length that leaves no room for data', { userInformation: { maximumLength: 4 } }],
];

async function answers(port: number): Promise<string> {
  const rows: (readonly string[])[] = [];
  for (const [what, change] of REQUESTS) rows.push([what, answerInWords(await ask(port, change))]);
  const full = await withStorescp(['--max-associations', '1'], askBesides);
  rows.push(['over `--max-associations`', answerInWords(full)]);
  return table(['Request', 'Answer'], rows);
}

function answerInWords(answer: AssociateAc | AssociateRj): string {
  if (answer.type === 'A-ASSOCIATE-AC') {
    const results = answer.presentationContexts.map(({ result }) => result).filter((result) => result !== 0);
    return results.length === 0
      ? 'accepted'
      : `accepted, the context with result ${results.join(', ')} (PS3.8 Table 9-18)`;
  }
  const { result, source, reason } = rejectionInWords(answer);
  return `${answer.result}/${answer.source}/${answer.reason}: ${result}, by ${source}, ${reason}`;
}

async function aborts(port: number): Promise<string> {
  const unknown = Buffer.from('3f0000000000', 'hex');
  const wrongLength = Buffer.from('0500000000050000000000', 'hex');
  const seen = [
    ['a PDU of an unknown type', await abortAfter(port, unknown)],
    ['a PDU that is out of turn', await abortAfter(port, { type: 'A-RELEASE-RP' })],
    ['the same in place of the A-ASSOCIATE-RQ', await abortAfter(port, { type: 'A-RELEASE-RQ' }, true)],
    ['a length or a value that cannot be', await abortAfter(port, wrongLength)],
  ] as const;
  const rows = seen.map(([what, abort]) => {
    const { source, reason } = abortInWords(abort);
    return [what, `${abort.source}/${abort.reason}: ${source}, ${reason}`];
  });
  return table(['What came', 'A-ABORT'], rows);
}
