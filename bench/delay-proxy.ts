/**
 * A distance on one machine: passes connections on and delays every byte by half a round trip in each direction, in
 * order, with no limit to the bandwidth. TCP's own handshake is not delayed.
 * Run as: delay-proxy.js LISTENING-PORT TARGET-PORT ROUND-TRIP-MS
 */
import { connect, createServer, type Socket } from 'node:net';

/** Of one direction of one connection: a round trip of 100 ms at more than 1 GB/s. */
const MAX_UNDER_WAY = 128 * 1024 * 1024;

const [listeningPort, targetPort, roundTripMs] = process.argv.slice(2).map(Number);
if (listeningPort === undefined || targetPort === undefined || roundTripMs === undefined) {
  throw new Error('LISTENING-PORT TARGET-PORT ROUND-TRIP-MS');
}
const delayMs = roundTripMs / 2;

createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
  const far = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  passOn(near, far);
  passOn(far, near);
}).listen(listeningPort, '127.0.0.1');

function passOn(from: Socket, to: Socket): void {
  /** Without a chunk it is the end. */
  const underWay: { readonly chunk: Buffer | undefined; readonly due: number }[] = [];
  let bytes = 0;
  let isWaiting = false;

  const deliver = (): void => {
    isWaiting = false;
    for (let next = underWay[0]; next !== undefined && !isWaiting; next = underWay[0]) {
      const early = next.due - performance.now();
      if (early > 0) {
        isWaiting = true;
        setTimeout(deliver, early);
        return;
      }
      underWay.shift();
      if (next.chunk === undefined) to.end();
      else if (!to.write(next.chunk)) {
        isWaiting = true;
        to.once('drain', deliver);
      }
      bytes -= next.chunk?.length ?? 0;
      if (from.isPaused() && bytes < MAX_UNDER_WAY / 2) from.resume();
    }
  };
  const send = (chunk?: Buffer): void => {
    underWay.push({ chunk, due: performance.now() + delayMs });
    bytes += chunk?.length ?? 0;
    if (bytes >= MAX_UNDER_WAY) from.pause();
    if (!isWaiting) deliver();
  };

  from.on('data', send);
  from.on('end', () => send());
  from.on('error', () => to.destroy());
}
