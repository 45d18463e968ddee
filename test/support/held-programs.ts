/** Programs for storescp to run: each tells the test its arguments when it begins, and ends when the test says so. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Inbox } from './loopback-inbox.js';

const PROGRAM = `
import { connect } from 'node:net';
const [port, ...args] = process.argv.slice(2);
const socket = connect(Number(port), '127.0.0.1');
socket.write(JSON.stringify({ args, env: process.env, pid: process.pid }) + '\\n');
socket.on('data', (code) => { process.exitCode = Number(code); socket.end(); });
socket.on('error', () => process.exit(1));
`;

export interface HeldProgram {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Resolves when it is over, however that came. */
  readonly ended: Promise<void>;
  end(code?: number): void;
}

export class HeldPrograms implements AsyncDisposable {
  readonly #server: Server;
  readonly #script: string;
  readonly #begun = new Inbox<HeldProgram>();
  readonly #sockets = new Set<Socket>();
  /** Most that ran at a time. */
  most = 0;

  private constructor(server: Server, script: string) {
    this.#server = server;
    this.#script = script;
    server.on('connection', (socket) => void this.#onConnection(socket));
  }

  /** @param folder for the program */
  static async listen(folder: string): Promise<HeldPrograms> {
    const script = join(folder, 'held program.mjs');
    writeFileSync(script, PROGRAM);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HeldPrograms(server, script);
  }

  /** For `--exec`: what comes after the program's own arguments is to be added. */
  get command(): string {
    const address = this.#server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return `'${process.execPath}' '${this.#script}' ${port}`;
  }

  /** How many have begun. */
  get count(): number {
    return this.#begun.seen.length;
  }

  /** The next one that begins. */
  next(): Promise<HeldProgram> {
    return this.#begun.next('a program');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #onConnection(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    this.most = Math.max(this.most, this.#sockets.size);
    socket.on('error', () => undefined);
    const ended = once(socket, 'close').then(() => {
      this.#sockets.delete(socket);
    });
    let text = '';
    for await (const chunk of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      text += chunk;
      if (text.endsWith('\n')) break;
    }
    socket.resume();
    const { args, env } = JSON.parse(text);
    this.#begun.push({ args, env, ended, end: (code = 0) => void socket.write(String(code)) });
  }
}
