/** What storescu does once its command line is understood. */
import {
  AssociationAborted,
  AssociationRejected,
  type AssociationTrace,
  CertificateError,
  DicomError,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  excerpt,
  formatTag,
  IMPLICIT_VR_LITTLE_ENDIAN,
  NoPresentationContext,
  ProtocolError,
  planFiles,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreOutcome,
  statusLine,
  storeFiles,
} from '../index.js';
import { EXIT, exitCodeOn, sentence } from './application.js';
import { printPlan } from './dry-run.js';
import { Followers } from './followers.js';
import type { Log } from './log.js';
import { Narrator } from './narrator.js';
import { eventFields, failureFields, outcomeFields, withFields } from './outcome-fields.js';
import { pathFilter } from './path-filter.js';
import type { PathSource } from './path-source.js';
import { pathsToSend } from './paths-to-send.js';
import { logRetry, type RetryEvent, retryOptions } from './retry-log.js';
import type { StorescuOptions } from './storescu-options.js';
import { inFiles, requestorTls } from './tls-files.js';
import { requestedIdentity } from './user-identity.js';

const IMPLICIT = IMPLICIT_VR_LITTLE_ENDIAN.uid;
const LITTLE = EXPLICIT_VR_LITTLE_ENDIAN.uid;
const BIG = EXPLICIT_VR_BIG_ENDIAN.uid;

/** Those that end what is under way. SIGHUP says that the terminal was closed. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGHUP', 'SIGINT', 'SIGTERM'];

/** Why what is under way ends when a signal comes. */
class Interruption extends Error {}

/** @returns the exit code */
export async function run(options: StorescuOptions, givenLog: Log): Promise<number> {
  const interruption = new AbortController();
  const followers = new Followers(options, givenLog, interruption.signal);
  const { log } = followers;
  let source: PathSource | undefined;
  let stoppedBy: NodeJS.Signals | undefined;
  const stop = (signal: NodeJS.Signals) => {
    if (stoppedBy !== undefined) return endAtOnce(signal);
    stoppedBy = signal;
    const interrupt = () => interruption.abort(new Interruption(`interrupted by ${signal}`));
    if (source?.stop === undefined) interrupt();
    else {
      log.info(`Stopping on ${signal}`, { event: 'stopping', signal });
      source.stop(interrupt);
    }
  };
  const endAtOnce = (signal: NodeJS.Signals) => {
    // A terminal may say twice that it is closed, and a shell says it as well.
    if (signal === 'SIGHUP') return;
    process.off(signal, stop);
    process.kill(process.pid, signal);
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  if (options.paths.length > 0) log.debug(`Checking input file${options.paths.length === 1 ? '' : 's'}`);
  let exitCode: number = EXIT.failure;
  try {
    const own = { ...(await storeOptions(options, log)), signal: interruption.signal };
    source = await pathsToSend(options, own.accept, log);
    await followers.openReports();
    const work = { ...own, ...followers.hooks, ...source.work };
    exitCode = options.dryRun
      ? await printPlan(planFiles(source.paths, work), followers)
      : await send(options, work, { followers, source });
  } catch (error) {
    if (stoppedBy === undefined) throw error;
    log.error(sentence(error));
  } finally {
    if (!isClosed(source, log)) exitCode = EXIT.failure;
    await followers.drained();
    if (stoppedBy !== undefined) exitCode = exitCodeOn(stoppedBy);
    const isCutShort = stoppedBy !== undefined || exitCode === EXIT.failure;
    const isReported = followers.end({ isCutShort, stoppedBy });
    if (!isReported && exitCode === EXIT.success) exitCode = EXIT.failure;
    for (const signal of SIGNALS) process.off(signal, stop);
  }
  return exitCode;
}

/** Whatever is wrong with it, the run is told of to its end. */
function isClosed(source: PathSource | undefined, log: Log): boolean {
  try {
    source?.close();
    return true;
  } catch (error) {
    log.error(sentence(error));
    return false;
  }
}

/** Where the files of a run come from, and where it is told of. */
interface Surroundings {
  readonly source: PathSource;
  readonly followers: Followers;
}

async function send(
  options: StorescuOptions,
  work: StoreFilesOptions,
  { followers, source }: Surroundings,
): Promise<number> {
  const { log } = followers;
  let exitCode: number = EXIT.success;
  let isAssociated = false;
  const unanswered: Extract<StoreOutcome, { type: 'unanswered' }>[] = [];
  const report = (event: StoreEvent) => {
    work.report?.(event);
    followers.onEvent(event.type === 'left' && source.isEndless ? { ...event, isAll: true } : event);
    if (followers.isOwn(event)) return;
    if (event.type === 'file-retry' || event.type === 'association-retry') tellRetry(event);
    else logEvent(event, log.takesFields ? withFields(log, eventFields(event)) : log);
  };
  const tellRetry = (event: RetryEvent) => {
    const describe = (error: unknown) => describeFailure(error, options, undefined);
    if (source.tellRetry === undefined) logRetry(event, log, describe);
    else source.tellRetry(event, describe);
  };
  const trace = (told: AssociationTrace) => {
    if (told.event.type === 'associate-ac') isAssociated = true;
    work.trace?.(told);
  };
  followers.start(source, work);
  try {
    for await (const outcome of storeFiles(source.paths, { ...work, report, trace })) {
      if (source.tellOutcome?.(outcome) === 'again') continue;
      followers.onOutcome(outcome);
      if (outcome.type === 'unanswered') unanswered.push(outcome);
      if (!isGood(outcome, log.takesFields ? withFields(log, outcomeFields(outcome)) : log)) exitCode = EXIT.notStored;
      const { room } = followers;
      if (room !== undefined) await room;
    }
    for (const { path, error } of unanswered)
      log.error(describeFailure(error, options, path), failureFields(error, options));
    if (unanswered.length > 0) return EXIT.failure;
    // Nobody is asked for an association where there is nothing to do with it.
    const isNothing = !isAssociated && followers.storedBefore === 0;
    if (source.areAny && !source.mayBeNone && isNothing && exitCode === EXIT.success) {
      log.error('No DICOM files to send');
      exitCode = EXIT.notStored;
    }
    return exitCode;
  } catch (error) {
    const [first, ...others] = unanswered;
    if (others.length > 0) for (const { path } of unanswered) log.error(`Not answered: ${path}`);
    const path = others.length > 0 ? undefined : first?.path;
    log.error(describeFailure(error, options, path), failureFields(error, options));
    return EXIT.failure;
  }
}

async function storeOptions(options: StorescuOptions, log: Log): Promise<StoreFilesOptions> {
  const narrator = new Narrator('user', log);
  return {
    ...options,
    tls: requestorTls(options),
    accept: await pathFilter(options),
    userIdentity: requestedIdentity(options, process.env.NETDICOM_PASSWORD),
    transferSyntaxes: proposedSyntaxes(options.proposal),
    proposeOwn: options.proposal === 'own',
    decompress: !options.noDecompress,
    verify: options.echo,
    haltOnFailure: options.halt,
    endWith: options.abort ? 'abort' : 'release',
    retry: retryOptions(options),
    trace: (trace) => narrator.tell(trace),
    report: (event) => {
      if (event.type === 'sending') narrator.sending(event.instance.path);
    },
  };
}

function proposedSyntaxes(proposal: StorescuOptions['proposal']): readonly string[] {
  switch (proposal) {
    case 'little':
      return [LITTLE];
    case 'big':
      return [BIG];
    case 'implicit':
    case 'own':
    case undefined:
      return [IMPLICIT];
    default:
      return [IMPLICIT, LITTLE, BIG].slice(0, proposal);
  }
}

function logEvent(event: Exclude<StoreEvent, RetryEvent>, log: Log): void {
  switch (event.type) {
    case 'skipped':
      log.warning(`Skipped: ${event.error.message}`);
      break;
    case 'warning':
      log.warning(`${event.path}: ${event.message}`);
      break;
    case 'sending':
      log.info(`Sending file: ${event.instance.path}`);
      break;
    case 'left-out':
      log.info(`Stored before: ${event.instance.path}`);
      break;
    case 'left':
      // The summary says how many.
      break;
    case 'association-missing':
      log.warning(`Going on with fewer associations: ${event.error.message}`);
      break;
    default:
      event satisfies never;
  }
}

/** Logs an outcome that is more than a plain success; true if all went well with it. */
function isGood(outcome: StoreOutcome, log: Log): boolean {
  switch (outcome.type) {
    case 'stored':
      if (outcome.status.category === 'warning') log.warning(`Stored ${outcome.path}: ${answerInWords(outcome)}`);
      return true;
    case 'refused':
      log.error(`Not stored: ${outcome.path}: ${answerInWords(outcome)}`);
      return false;
    case 'not-sent':
    case 'not-verified':
      log.error(sentence(outcome.error));
      return false;
    case 'unanswered':
      // What ends the run says why.
      return false;
    case 'verified':
      if (outcome.status.category === 'success') return true;
      log.error(`Echo failed: ${statusLine(outcome.status.code)}`);
      return false;
    default:
      outcome satisfies never;
      return false;
  }
}

/** Status, Error Comment and Offending Element of a response (PS3.7 Annex C). */
function answerInWords({ response }: Extract<StoreOutcome, { type: 'stored' | 'refused' }>): string {
  const { status, errorComment, offendingElement = [] } = response;
  const comment = errorComment ? [`"${excerpt(errorComment)}"`] : [];
  const elements = offendingElement.length > 0 ? [excerpt(offendingElement.map(formatTag).join(', '))] : [];
  return [statusLine(status), ...comment, ...elements].join(', ');
}

/** One line: what failed, with whom, while which file was being sent, and why. */
function describeFailure(error: unknown, options: StorescuOptions, sending: string | undefined): string {
  const { host, port } = options;
  if (error instanceof NoPresentationContext) return error.message;
  if (error instanceof CertificateError) return inFiles(error, options);
  const during = sending === undefined ? '' : ` while sending ${sending}`;
  if (error instanceof AssociationRejected) {
    // PS3.7 D.3.3.7.3: a refused user has no reason of its own.
    const isUser = options.identity !== undefined && error.source === 2 && error.reason === 1;
    return `Association Rejected (${host}:${port}): ${isUser ? 'user identity not accepted, ' : ''}${error.detail}`;
  }
  if (error instanceof AssociationAborted) return `Association Aborted (${host}:${port})${during}: ${error.detail}`;
  // It is we who aborted, because of what the peer has sent.
  if (error instanceof ProtocolError) return `Association Aborted (${host}:${port})${during}: ${error.message}`;
  // Of lists of files, say.
  if (!(error instanceof DicomError || error instanceof Interruption)) return sentence(error);
  return `Association Failed${during}: ${error.message}`;
}
