/** The variable items of A-ASSOCIATE-RQ and -AC: presentation contexts (PS3.8 9.3.2, 9.3.3) and user information. */
import { ProtocolError } from '../base/errors.js';
import {
  bytes,
  counted,
  fields,
  flag,
  items,
  joined,
  type Layout,
  listOf,
  many,
  optional,
  orEmpty,
  text,
  thenReserved,
  uint8,
  uint16,
  uint32,
} from './layout.js';
import type {
  AsynchronousOperationsWindow,
  CommonExtendedNegotiation,
  ExtendedNegotiation,
  PresentationContextResult,
  ProposedPresentationContext,
  RoleSelection,
  UserIdentity,
  UserInformationAc,
  UserInformationRq,
} from './types.js';

/** PS3.8 9.3.2.2: odd, 1 to 255. */
const presentationContextId: Layout<number> = {
  write: uint8.write,
  read(reader) {
    const offset = reader.offset;
    const id = reader.uint8();
    if ((id & 1) === 0)
      throw new ProtocolError('invalid-pdu-parameter-value', `presentation context id ${id} is even`, offset);
    return id;
  },
};

/** PS3.8 Tables 9-13 to 9-15. */
export const PROPOSED_CONTEXT: Layout<ProposedPresentationContext> = joined(
  fields({ id: thenReserved(presentationContextId, 3) }),
  items({ abstractSyntax: orEmpty(0x30, text), transferSyntaxes: many(0x40, text) }),
);

/** PS3.8 Tables 9-18 and 9-19. Any id: one never proposed is ignored. Peers leave a rejected context's transfer syntax out. */
export const ANSWERED_CONTEXT: Layout<PresentationContextResult> = joined(
  fields({ id: thenReserved(uint8, 1), result: thenReserved(uint8, 1) }),
  items({ transferSyntax: orEmpty(0x40, text) }),
);

/** PS3.7 Tables D.3-7 and D.3-8. */
const ASYNCHRONOUS_OPERATIONS_WINDOW: Layout<AsynchronousOperationsWindow> = fields({
  maximumInvoked: uint16,
  maximumPerformed: uint16,
});

/** PS3.7 Tables D.3-9 and D.3-10. */
const ROLE_SELECTION: Layout<RoleSelection> = fields({ sopClassUid: counted(text), scuRole: flag, scpRole: flag });

/** PS3.7 Table D.3-11. */
const EXTENDED_NEGOTIATION: Layout<ExtendedNegotiation> = fields({
  sopClassUid: counted(text),
  applicationInformation: bytes,
});

/** PS3.7 Tables D.3-12 and D.3-13. The sub-item version, 0, is where other items have a reserved byte. */
const COMMON_EXTENDED_NEGOTIATION: Layout<CommonExtendedNegotiation> = fields({
  sopClassUid: counted(text),
  serviceClassUid: counted(text),
  relatedGeneralSopClassUids: counted(listOf(counted(text))),
});

/** PS3.7 Table D.3-14. */
const USER_IDENTITY: Layout<UserIdentity> = fields({
  type: uint8,
  positiveResponseRequested: flag,
  primaryField: counted(bytes),
  secondaryField: counted(bytes),
});

// PS3.8 D.1.1, PS3.7 D.3.3.2 to D.3.3.5.
const SHARED_SUB_ITEMS = {
  maximumLength: optional(0x51, uint32),
  implementationClassUid: optional(0x52, text),
  asynchronousOperationsWindow: optional(0x53, ASYNCHRONOUS_OPERATIONS_WINDOW),
  roleSelections: many(0x54, ROLE_SELECTION),
  implementationVersionName: optional(0x55, text),
  extendedNegotiations: many(0x56, EXTENDED_NEGOTIATION),
};

/** PS3.8 Table 9-16. */
export const USER_INFORMATION_RQ: Layout<UserInformationRq> = items({
  ...SHARED_SUB_ITEMS,
  commonExtendedNegotiations: many(0x57, COMMON_EXTENDED_NEGOTIATION),
  userIdentity: optional(0x58, USER_IDENTITY),
});

/** PS3.8 Table 9-20; 59H is PS3.7 Table D.3-15. */
export const USER_INFORMATION_AC: Layout<UserInformationAc> = items({
  ...SHARED_SUB_ITEMS,
  userIdentityResponse: optional(0x59, counted(bytes)),
});
