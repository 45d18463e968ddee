#!/usr/bin/env node
/** storescu: sends DICOM files to a peer. */
import {
  AssociationAborted,
  AssociationRejected,
  NoPresentationContext,
  type StoreEvent,
  type StoreFilesOptions,
  type StoreOutcome,
  statusLine,
  storeFiles,
} from '../index.js';
import { EXIT, runApplication, sentence } from './application.js';
import type { Log } from './log.js';
import { Narrator } from './narrator.js';
import { STORESCU, type StorescuOptions } from './storescu-options.js';

const NATIVE_SYNTAXES = ['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2'];
const [IMPLICIT = '', LITTLE = '', BIG = ''] = NATIVE_SYNTAXES;

await runApplication(STORESCU, (options) => options, run);

async function run(options: StorescuOptions, log: Log): Promise<number> {
  const interruption = new AbortController();
  let exitCode: number = EXIT.success;
  const stop = (signal: NodeJS.Signals) => {
    exitCode = signal === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
    interruption.abort(new Error(`interrupted by ${signal}`));
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  if (options.paths.length > 0) log.debug(`Checking input file${options.paths.length === 1 ? '' : 's'}`);
  let requests = 0;
  try {
    for await (const outcome of storeFiles(options.paths, storeOptions(options, log, interruption.signal))) {
      if (outcome.type !== 'not-sent') requests++;
      if (!isGood(outcome, log)) exitCode = EXIT.notStored;
    }
    if (options.paths.length > 0 && requests === 0 && options.repeat > 0 && exitCode === EXIT.success) {
      log.error('No DICOM files to send');
      exitCode = EXIT.notStored;
    }
    return exitCode;
  } catch (error) {
    log.error(describeFailure(error, options));
    return interruption.signal.aborted ? exitCode : EXIT.failure;
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
}

function storeOptions(options: StorescuOptions, log: Log, signal: AbortSignal): StoreFilesOptions {
  const narrator = new Narrator('user', log);
  return {
    ...options,
    transferSyntaxes: proposedSyntaxes(options.proposal),
    proposeOwn: options.proposal === 'own',
    verify: options.echo,
    haltOnFailure: options.halt,
    endWith: options.abort ? 'abort' : 'release',
    signal,
    trace: (trace) => narrator.tell(trace),
    report: (event) => report(event, log),
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
      return NATIVE_SYNTAXES.slice(0, proposal);
  }
}

function report(event: StoreEvent, log: Log): void {
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
      log.error(sentence(outcome.error));
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
  const elements = offendingElement.map((tag) => tag.toString(16).toUpperCase().padStart(8, '0'));
  return [
    statusLine(status),
    ...(errorComment ? [`"${errorComment}"`] : []),
    ...elements.map((hex) => `(${hex.slice(0, 4)},${hex.slice(4)})`),
  ].join(', ');
}

function describeFailure(error: unknown, { host, port }: StorescuOptions): string {
  if (error instanceof NoPresentationContext) return error.message;
  if (error instanceof AssociationRejected || error instanceof AssociationAborted)
    return `${sentence(error)} (${host}:${port})`;
  return `Association Failed: ${error instanceof Error ? error.message : String(error)}`;
}
