/** GET /metrics and GET /healthz over HTTP, with little to hold on to for whoever means no good. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { fileMessageOf } from './printable.js';

/** More than a few monitors and probes need; each costs a descriptor, of which associations need theirs. */
const MAX_CONNECTIONS = 32;
/** For a request to be whole, and for its answer to be taken. */
const REQUEST_MS = 5000;
const KEEP_ALIVE_MS = 10_000;
const MAX_HEADER_BYTES = 8192;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** A running server for monitors. */
export interface MetricsServer {
  /** `http://127.0.0.1:9464` */
  readonly url: string;
  /** Hangs up on everybody. */
  close(): Promise<void>;
}

/**
 * Answers GET and HEAD of the paths in `answers`. Does not keep the process alive.
 * @throws {Error} one line, if it cannot listen there
 */
export async function serveHttp(
  at: { readonly host: string; readonly port: number },
  answers: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<MetricsServer> {
  const limits = {
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const server = createServer(limits, (request, response) => void respond(request, response, answers));
  server.maxConnections = MAX_CONNECTIONS;
  server.setTimeout(KEEP_ALIVE_MS);
  await listen(server, at);
  // An accept that fails for want of descriptors, which the log has from the other listener.
  server.on('error', () => undefined);
  server.unref();
  return {
    url: `http://${addressOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  answers: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<void> {
  const answer = answers.get(url.replace(/\?.*/s, ''));
  if (answer === undefined) send(response, { status: 404, type: TEXT, body: 'Not Found\n' });
  else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    send(response, { status: 405, type: TEXT, body: 'Method Not Allowed\n' });
  } else
    try {
      send(response, await answer());
    } catch (error) {
      send(response, { status: 500, type: TEXT, body: `${fileMessageOf(error)}\n` });
    }
}

export const TEXT = 'text/plain; charset=utf-8';

function send(response: ServerResponse, { status, type, body }: Answer): void {
  const headers = { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), 'Cache-Control': 'no-store' };
  // Of an answer to HEAD Node sends the headers alone.
  response.writeHead(status, headers).end(body);
}

function listen(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(new Error(`cannot listen for metrics on ${formatted(host, port)}: ${reasonOf(error)}`, { cause: error }));
    });
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'no such address on this machine',
  EACCES: 'insufficient privileges',
  ENOTFOUND: 'unknown host',
};

function reasonOf(error: Error): string {
  return ('code' in error ? REASONS[String(error.code)] : undefined) ?? fileMessageOf(error);
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? formatted(address.address, address.port) : '';
}

function formatted(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
