/** Failures that may pass, so that another try may end well. */
import {
  AssociationAborted,
  AssociationRejected,
  ProtocolError,
  TimeoutError,
  TransportError,
} from '../base/errors.js';
import { STATUS } from '../dimse/status.js';

/** Which we do not send ourselves (PS3.7 C.5). */
const RESOURCE_LIMITATION = 0x0213;
/** PS3.8 Table 9-21. */
const REJECTED_TRANSIENT = 2;

/** Whether a status says that the peer cannot now what it may be able to later. */
export function isPassingStatus(code: number): boolean {
  // A7xx (PS3.4 B.2.3).
  const isOutOfResources = (code & 0xff00) === STATUS.outOfResources;
  return isOutOfResources || code === STATUS.processingFailure || code === RESOURCE_LIMITATION;
}

/**
 * Whether an association may be had later that cannot be had now, or was lost: a network that fails, a peer that is silent, hangs
 * up, aborts, breaks the protocol or rejects for the time being (PS3.8 9.3.4). What it is told of users, certificates or contexts
 * it refuses for good.
 */
export function isPassingError(error: unknown): boolean {
  if (error instanceof TimeoutError || error instanceof ProtocolError) return true;
  if (error instanceof AssociationAborted) return error.by !== 'local';
  if (error instanceof AssociationRejected) return error.result === REJECTED_TRANSIENT;
  // Beside the system's, there are the codes of Node and OpenSSL for what is wrong with TLS.
  return error instanceof TransportError && /^(?!ERR_)E|^$/.test(error.systemCode ?? '');
}
