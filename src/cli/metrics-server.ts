/** GET /metrics and GET /healthz over HTTP, with little to hold on to for whoever means no good. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { fileMessageOf } from './printable.js';
import { systemCodeOf } from './system-code.js';

/** More than a few monitors and probes need; each costs a descriptor, of which associations need theirs. */
const MAX_CONNECTIONS = 32;
/** For a request to be whole, and for its answer to be taken. */
const REQUEST_MS = 5000;
const ANSWER_MS = 10_000;
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
 * Answers GET and HEAD of the paths in `answers`, one request of each connection. Does not keep the process alive.
 * @param answers each is asked once for all who ask for it meanwhile
 * @throws {Error} one line, if it cannot listen there
 */
export async function serveHttp(
  at: { readonly host: string; readonly port: number },
  answers: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<MetricsServer> {
  const limits = {
    headersTimeout: REQUEST_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: MAX_HEADER_BYTES,
  };
  const shared = new Map([...answers].map(([path, answer]) => [path, once(answer)]));
  const connections = new Connections();
  const server = createServer(limits, (request, response) => {
    // One who asks on without reading the answers would have them pile up here.
    if (!connections.asks(request.socket)) request.socket.destroy();
    else void respond(request, response, shared);
  });
  server.on('connection', (socket) => connections.add(socket));
  server.setTimeout(ANSWER_MS);
  await listen(server, at);
  // An accept that fails for want of descriptors, which the log has from the other listener.
  server.on('error', () => undefined);
  server.unref();
  return {
    url: `http://${addressOf(server)}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroy();
      }),
  };
}

/** No more than a number of connections: the oldest that has asked nothing yet makes room for the next. */
class Connections {
  /** Whether it has asked. */
  readonly #open = new Map<Socket, boolean>();

  add(socket: Socket): void {
    // Of those that have just been hung up on, at a timeout all at once, Node tells later only.
    for (const open of this.#open.keys()) if (open.destroyed) this.#open.delete(open);
    if (this.#open.size >= MAX_CONNECTIONS) this.#makeRoom(socket);
    this.#open.set(socket, false);
    socket.once('close', () => this.#open.delete(socket));
  }

  /** @returns false if it has done so before */
  asks(socket: Socket): boolean {
    if (this.#open.get(socket) !== false) return false;
    this.#open.set(socket, true);
    return true;
  }

  destroy(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }

  #makeRoom(newcomer: Socket): void {
    for (const [socket, hasAsked] of this.#open)
      if (!hasAsked) {
        socket.destroy();
        return;
      }
    newcomer.destroy();
  }
}

/** What is asked for while it is being found out is not found out twice. */
function once(answer: () => Promise<Answer>): () => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return () => {
    asked ??= answer().finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

async function respond(
  { method, url = '' }: IncomingMessage,
  response: ServerResponse,
  answers: ReadonlyMap<string, () => Promise<Answer>>,
): Promise<void> {
  const answer = answers.get(pathOf(url));
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

/** RFC 9112 3.2.2: it may be in absolute form as well. */
function pathOf(url: string): string {
  return url.replace(/^https?:\/\/[^/?]*/i, '').replace(/\?.*/s, '');
}

export const TEXT = 'text/plain; charset=utf-8';

function send(response: ServerResponse, { status, type, body }: Answer): void {
  const headers = {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    Connection: 'close',
  };
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
  EINVAL: 'invalid address (a link-local one takes its zone, such as fe80::1%eth0)',
  ENOTFOUND: 'unknown host',
};

function reasonOf(error: Error): string {
  return REASONS[systemCodeOf(error)] ?? fileMessageOf(error);
}

function addressOf(server: Server): string {
  const address = server.address();
  return typeof address === 'object' && address !== null ? formatted(address.address, address.port) : '';
}

function formatted(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
