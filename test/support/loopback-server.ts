/** Our own acceptor and requestor as the loopback tests use them: a free port, short waits, everything traced. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Association,
  type AssociationEvent,
  type AssociationTrace,
  discardSink,
  requestAssociation,
  type ServeOptions,
  type Server,
  serve,
  storageProvider,
  verificationProvider,
} from '../../src/index.js';
import { Inbox } from './loopback-inbox.js';
import { ECHO_CONTEXT } from './loopback-peer.js';

/** ARTIM of the tests: how long we wait for a peer that does not hang up. */
const ACSE_TIMEOUT_MS = 5_000;

export type Traces = Inbox<AssociationTrace>;

/** The types of the events so far, with who did it for those that say. */
export function eventTypes(traces: Traces): readonly string[] {
  return traces.seen.map(({ event }) => ('direction' in event ? `${event.direction} ${event.type}` : event.type));
}

/** Takes traces until one has that type, whose event it gives. */
export async function traced<T extends AssociationEvent['type']>(
  traces: Traces,
  type: T,
): Promise<Extract<AssociationEvent, { type: T }>> {
  const isWanted = (event: AssociationEvent): event is Extract<AssociationEvent, { type: T }> => event.type === type;
  for (;;) {
    const { event } = await traces.next(`the trace of ${type}`);
    if (isWanted(event)) return event;
  }
}

export interface TestServer extends AsyncDisposable {
  readonly server: Server;
  readonly port: number;
  readonly traces: Traces;
}

/** A server on the loopback address that echoes and throws away what it is sent, unless told otherwise. */
export async function startServer(options: Partial<ServeOptions> = {}): Promise<TestServer> {
  const traces: Traces = new Inbox();
  const server = await serve({
    port: 0,
    host: '127.0.0.1',
    aeTitle: 'CALLED',
    services: [verificationProvider(), storageProvider({ store: discardSink })],
    acseTimeoutMs: ACSE_TIMEOUT_MS,
    trace: (trace) => traces.push(trace),
    ...options,
  });
  return { server, port: server.port, traces, [Symbol.asyncDispose]: () => server.close({ graceMs: 0 }) };
}

/** Requests an association with Verification alone, unless told otherwise. */
export function associate(
  port: number,
  options: Partial<Parameters<typeof requestAssociation>[0]> = {},
): Promise<Association> {
  return requestAssociation({
    host: '127.0.0.1',
    port,
    contexts: [ECHO_CONTEXT],
    acseTimeoutMs: ACSE_TIMEOUT_MS,
    ...options,
  });
}

/** What `promise` rejects with; an error if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`rejected with what is no error: ${String(error)}`);
  }
  throw new Error('it did not reject');
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

export async function temporaryFolder(): Promise<TemporaryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'netdicom-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
