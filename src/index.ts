/** netdicom: DICOM storage over the network. This is the whole public surface. */

export type { AcceptedContext, SupportedSyntaxes } from './acse/negotiate.js';
export type { WantedContext } from './acse/propose.js';
export type { IdentityOf, RequestedUserIdentity, UserIdentity } from './acse/user-identity.js';
export type { Batches } from './base/batch-queue.js';
export {
  type AbortedBy,
  type AbortReason,
  AssociationAborted,
  AssociationRejected,
  CertificateError,
  DataSetError,
  DicomError,
  type ErrorCode,
  FileError,
  formatTag,
  IdentityNotConfirmed,
  InvalidIdentifier,
  NoPresentationContext,
  NotAnInstance,
  type PemSource,
  ProtocolError,
  StatusError,
  TimeoutError,
  type TimerName,
  TransportError,
  UsageError,
} from './base/errors.js';
export { type AeTitle, newUid, parseAeTitle, parseUid, type Uid } from './base/identifiers.js';
export { excerpt, printable, quoted } from './base/printable.js';
export { VERSION } from './base/version.js';
export { type CapturedAttribute, SPECIFIC_CHARACTER_SET } from './dataset/attribute-capture.js';
export {
  type BigIntElement,
  type BytesElement,
  decodeValue,
  type NumberElement,
  type TextElement,
  type ValueElement,
} from './dataset/element-value.js';
export { bufferSource, type DataSetSource, type Filled } from './dataset/source.js';
export {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  STANDARD_TRANSFER_SYNTAXES,
  shortName,
  type TransferSyntax,
  transferSyntax,
} from './dataset/transfer-syntax.js';
export { type DictionaryVr, dictionaryVr, keywordOf, keywords, tagOf, uidName, type Vr } from './dictionary/lookup.js';
export { isStorageSopClass, modalityPrefix, VERIFICATION_SOP_CLASS } from './dictionary/sop-classes.js';
export {
  type CCancelRq,
  type CEchoRq,
  type CEchoRsp,
  type CStoreRq,
  type CStoreRsp,
  type DimseMessage,
  type DimseRequest,
  type DimseResponse,
  type Direction,
  PRIORITY,
  responseTo,
  type StatusDetails,
  type UnknownRq,
  type UnknownRsp,
} from './dimse/messages.js';
export { describeStatus, STATUS, type Status, type StatusCategory, statusLine } from './dimse/status.js';
export { MEDIA_STORAGE_DIRECTORY } from './file/dicomdir.js';
export { type InstanceFile, inspectInstance } from './file/instance-file.js';
export type { Location } from './file/open-file.js';
export { type Server, serve } from './net/acceptor.js';
export type { AdmissionOptions } from './net/admission.js';
export type { AssociationHandle as Association } from './net/association-handle.js';
export type { Authenticate, AuthenticationContext, Verdict } from './net/authentication.js';
export { describeTrace } from './net/describe-trace.js';
export { hostOf, parseNetwork } from './net/host-list.js';
export type { Exchange } from './net/operations-invoked.js';
export { type AssociationRequest, type Peer, requestAssociation } from './net/requestor.js';
export type { ServeOptions } from './net/serve-options.js';
export type { IncomingRequest, ServiceProvider } from './net/service-provider.js';
export type { Timeouts } from './net/timeouts.js';
export type { StartTimer } from './net/timer.js';
export type {
  AcceptorTls,
  ClientAuthentication,
  Pem,
  RequestorTls,
  TlsOptions,
  TlsSession,
} from './net/tls-options.js';
export type { TlsProfileName } from './net/tls-profiles.js';
export type { AssociationEvent, AssociationTrace, TraceFunction } from './net/trace.js';
export type {
  Associate,
  AssociateAc,
  AssociateRj,
  AssociateRq,
  AsynchronousOperationsWindow,
  CommonExtendedNegotiation,
  ExtendedNegotiation,
  PresentationContextResult,
  ProposedPresentationContext,
  RoleSelection,
  UserIdentity as UserIdentityItem,
  UserInformation,
  UserInformationAc,
  UserInformationRq,
} from './pdu/types.js';
export type { AssociationFacts } from './services/association-accounts.js';
export { type DirectorySinkOptions, directorySink } from './services/directory-sink.js';
export {
  type PlanEvent,
  type PlannedAssociation,
  type PlannedContext,
  type PlannedFiles,
  planFiles,
} from './services/dry-run.js';
export type { FactsOfAttributes, TextDecoding } from './services/event-attributes.js';
export type { NamingOptions, OnDuplicate } from './services/final-names.js';
export { type Found, filesIn, type PathFilter, type WalkOptions } from './services/folder-walk.js';
export type { Paths } from './services/input-files.js';
export { type FilesMeasure, measureFiles } from './services/measure-files.js';
export { isPassingError, isPassingStatus } from './services/passing.js';
export type { RetryOptions } from './services/retry-options.js';
export {
  type AssociationEnded,
  type InstanceStored,
  type StorageEvent,
  StorageEvents,
  type StorageEventsOptions,
  type StudyEnded,
} from './services/storage-events.js';
export {
  discardSink,
  type IncomingInstance,
  type StorageProviderOptions,
  type Stored,
  type StoreInstance,
  type StoreObserver,
  storageProvider,
} from './services/storage-provider.js';
export { storeFiles } from './services/storage-user.js';
export { type StoreInstanceOptions, storeInstance } from './services/store-instance.js';
export type {
  AnsweredOutcome,
  FailedOutcome,
  SelectFilesOptions,
  StoreEvent,
  StoreFilesOptions,
  StoreOutcome,
  Transfer,
} from './services/store-outcome.js';
export type { Study, StudyEnd } from './services/study-tracker.js';
export { verificationProvider, verify } from './services/verification.js';
