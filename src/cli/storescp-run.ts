/** What storescp does once its command line is understood. */
import { endianness } from 'node:os';
import {
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  type Server,
  type ServiceProvider,
  STANDARD_TRANSFER_SYNTAXES,
  serve,
  storageProvider,
  verificationProvider,
} from '../index.js';
import { admission } from './admission.js';
import { EXIT, exitCodeOn } from './application.js';
import { type DecodeText, textDecoder } from './character-set.js';
import { CommandLineError } from './command-line-error.js';
import { type EventReports, openEvents } from './events.js';
import { HangUps } from './hang-ups.js';
import { printUserLine } from './hash-password.js';
import type { Log } from './log.js';
import { Narrator } from './narrator.js';
import { beginObservation, type Observation } from './observation.js';
import type { StorescpOptions } from './storescp-options.js';
import { openSink, type Sink } from './storescp-sink.js';
import { acceptorTls, namingFiles, renewTls } from './tls-files.js';

const IMPLICIT = IMPLICIT_VR_LITTLE_ENDIAN.uid;
const LITTLE = EXPLICIT_VR_LITTLE_ENDIAN.uid;
const BIG = EXPLICIT_VR_BIG_ENDIAN.uid;
/**
 * For what is under way: with a second for peers to hang up and half of one for what is left, all is over in the 10 s that service
 * managers and containers allow before they kill.
 */
const GRACE_MS = 8_000;

/** @returns the exit code */
export async function run(options: StorescpOptions, log: Log): Promise<number> {
  const { hashPassword, port } = options;
  // The command line has a port unless it has a password to hash.
  if (port === undefined) return await printUserLine(hashPassword ?? '');
  if (hashPassword !== undefined) throw new CommandLineError('--hash-password: takes no port');
  const observation = await beginObservation(options, log);
  return await receive({ ...options, port }, log, observation).finally(() => observation.end());
}

async function receive(
  options: StorescpOptions & { readonly port: number },
  log: Log,
  observation: Observation,
): Promise<number> {
  const hangUps = new HangUps(log);
  const narrator = new Narrator('provider', log);
  const admitted = admission(options, log, hangUps);
  const tls = acceptorTls(options);
  let decoding: Promise<DecodeText> | undefined;
  const decoder = () => {
    decoding ??= textDecoder((message) => log.warning(message));
    return decoding;
  };
  const reports = await openEvents(options, log, { hangUps, decoder });
  const sink = await openSink(options, log, decoder);
  const serving = serve({
    ...options,
    ...admitted,
    tls,
    host: options.bindAddress,
    idleTimeoutMs: options.connectionTimeoutMs,
    services: services(options, sink, reports),
    trace: observation.tracing((trace) => {
      narrator.tell(trace);
      reports?.events.trace(trace);
    }),
  });
  const server = await namingFiles(serving, options);
  // Whoever reads the port may send a signal at once.
  const ended = stopOnSignal(server, log, { reports, observation });
  if (tls !== undefined) hangUps.rereadOnHangUp('Certificates', () => renewTls(server, options));
  try {
    observation.listening(server);
  } catch (error) {
    // Nobody knows where it listens.
    await Promise.all([server.close({ graceMs: 0 }), ended]).finally(() => hangUps.stop());
    throw error;
  }
  return await ended.finally(() => hangUps.stop());
}

/** What is to know that it ends. */
interface Ending {
  readonly reports: EventReports | undefined;
  readonly observation: Observation;
}

/** Resolves when all has ended: by itself after `-to`, or by a signal, the second of which allows no grace. */
async function stopOnSignal(server: Server, log: Log, { reports, observation }: Ending): Promise<number> {
  let exitCode: number = EXIT.success;
  let graceMs = GRACE_MS;
  const stop = (signal: NodeJS.Signals) => {
    observation.stopping();
    log.info(`Stopping on ${signal}`, { event: 'stopping', signal });
    exitCode = exitCodeOn(signal);
    void server.close({ graceMs });
    reports?.stop(graceMs);
    graceMs = 0;
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  await server.closed;
  await reports?.finish();
  process.off('SIGINT', stop);
  process.off('SIGTERM', stop);
  return exitCode;
}

function services(options: StorescpOptions, sink: Sink, reports: EventReports | undefined): readonly ServiceProvider[] {
  const native = nativeSyntaxes(options.preference);
  const others = STANDARD_TRANSFER_SYNTAXES.map(({ uid }) => uid).filter(
    (uid) => ![IMPLICIT, LITTLE, BIG].includes(uid),
  );
  const nativeOnly = options.acceptNative || options.preference === 'implicit';
  const storage = storageProvider({
    ...sink,
    aeTitle: options.aeTitle,
    transferSyntaxes: nativeOnly ? native : [...native, ...others],
    promiscuous: options.promiscuous,
    events: reports?.events,
  });
  return options.noEcho ? [storage] : [verificationProvider({ transferSyntaxes: native }), storage];
}

/** In order of preference. */
function nativeSyntaxes(preference: StorescpOptions['preference']): readonly string[] {
  switch (preference) {
    case 'implicit':
      return [IMPLICIT];
    case 'little':
      return [LITTLE, BIG, IMPLICIT];
    case 'big':
      return [BIG, LITTLE, IMPLICIT];
    case 'local':
      return endianness() === 'BE' ? [BIG, LITTLE, IMPLICIT] : [LITTLE, BIG, IMPLICIT];
    default:
      preference satisfies never;
      return [];
  }
}
