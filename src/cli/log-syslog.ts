/** Syslog over UDP or TCP in the form of Python's SysLogHandler: `<priority>message NUL`. */
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { SEVERITY } from './log.js';
import { complainOnce, type LogOutput } from './log-file.js';

export interface SyslogOptions {
  readonly host: string;
  readonly port: number;
  /** RFC 5424 6.2.1. */
  readonly facility: number;
  readonly transport: 'udp' | 'tcp';
}

/** Bytes that may wait for a server that does not take them; what is over is lost. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const CLOSE_LIMIT_MS = 5000;
/** No more often than that is a server called again that has hung up. */
const RECONNECT_MS = 1000;

/** RFC 5424 6.2.1: the smaller, the worse. */
function syslogSeverity(severity: number): number {
  if (severity >= SEVERITY.critical) return 2;
  if (severity >= SEVERITY.error) return 3;
  if (severity >= SEVERITY.warning) return 4;
  return severity >= SEVERITY.info ? 6 : 7;
}

/** How a transport takes a packet: `done` is called once it has gone, with an error if it has not. */
interface SyslogTransport {
  send(packet: Buffer, done: (error?: Error | null) => void): void;
  close(): void;
}

/** Rejects if the host is unknown or, over TCP, does not take the connection. */
export async function openSyslog(options: SyslogOptions): Promise<LogOutput> {
  const { host, port, facility } = options;
  const complain = complainOnce(`syslog ${host}:${port}`);
  const transport = await (options.transport === 'udp' ? openUdp : openTcp)(host, port, complain);
  let waitingBytes = 0;
  let isOpen = true;
  let onDrained: (() => void) | undefined;
  const drained = () => new Promise<void>((resolve) => (onDrained = resolve));
  return {
    write(line, severity) {
      if (!isOpen) return complain(new Error('closed before the last message'));
      const packet = Buffer.from(`<${facility * 8 + syslogSeverity(severity)}>${line}\0`);
      if (waitingBytes > MAX_WAITING_BYTES) return complain(new Error('the server is too slow, messages are lost'));
      waitingBytes += packet.length;
      transport.send(packet, (error) => {
        waitingBytes -= packet.length;
        if (error) complain(error);
        if (waitingBytes === 0) onDrained?.();
      });
    },
    async close() {
      if (waitingBytes > 0) await Promise.race([drained(), setTimeout(CLOSE_LIMIT_MS, undefined, { ref: false })]);
      if (waitingBytes > 0) complain(new Error('the server is too slow, messages are lost'));
      if (isOpen) transport.close();
      isOpen = false;
    },
  };
}

async function openUdp(host: string, port: number, complain: (error: unknown) => void): Promise<SyslogTransport> {
  const { address, family } = await lookup(host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  socket.on('error', complain);
  return {
    send: (packet, done) => socket.send(packet, port, address, done),
    close: () => socket.close(),
  };
}

async function openTcp(host: string, port: number, complain: (error: unknown) => void): Promise<SyslogTransport> {
  let begunMs = performance.now();
  let socket = connect(port, host);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  // Nothing is expected from the server but its end, which is only seen by reading.
  socket.on('error', complain).resume();
  return {
    send(packet, done) {
      // A server that has been started anew gets what comes from now on.
      if (socket.destroyed && performance.now() - begunMs >= RECONNECT_MS) {
        begunMs = performance.now();
        socket = connect(port, host).on('error', complain).resume();
      }
      socket.write(packet, done);
    },
    close() {
      socket.destroySoon();
      // A server that takes nothing any more must not keep the process.
      socket.unref();
    },
  };
}
