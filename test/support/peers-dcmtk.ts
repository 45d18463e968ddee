/** DCMTK's programs as peers of ours: whether they are there, run to their end, or listening. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TemporaryFolder } from './peers-files.js';
import type { Matrix } from './peers-matrix.js';
import { Receiver } from './peers-receiver.js';
import { skipWithout } from './peers-required.js';
import { freePort, isOpen, Running } from './processes.js';

const PROGRAMS = [
  ...(['storescp', 'dcmrecv', 'storescu', 'dcmsend', 'echoscu', 'dcmdump', 'dcmconv'] as const),
  ...(['dcmcjpeg', 'dcmcjpls', 'dcmcrle'] as const),
];
export type DcmtkProgram = (typeof PROGRAMS)[number];

const START_LIMIT_MS = 10_000;
/** With Nagle's algorithm, which DCMTK leaves on, each object it sends waits 40 ms for an acknowledgement. */
const ENVIRONMENT = { TCP_NODELAY: '1' };

/** As `skipWithout`; our own programs and others' have the names of some of DCMTK's. */
export function skipWithoutDcmtk(): string | false {
  return skipWithout(PROGRAMS, 'dcmtk', /^\$dcmtk/);
}

/** Starts one of DCMTK's programs. */
export function startDcmtk(program: DcmtkProgram, args: readonly string[]): Running {
  return new Running(program, args, { env: ENVIRONMENT });
}

/** Runs one of DCMTK's programs to its end. */
export function dcmtk(program: DcmtkProgram, args: readonly string[]) {
  return startDcmtk(program, args).ended;
}

/** DCMTK's storescp, storing data sets exactly as they come. */
export function dcmtkStorescp(options: readonly string[] = []): Promise<Receiver> {
  return Receiver.start((folder) => startServer('storescp', ['+B', '-od', folder, ...options]));
}

/** DCMTK's dcmrecv, likewise. `configuration` is the text of the file that its `profile` is in. */
export function dcmrecv(configuration: string, profile: string): Promise<Receiver> {
  return Receiver.start(async (folder) => {
    using temporary = new TemporaryFolder();
    const path = join(temporary.path, 'dcmrecv.cfg');
    writeFileSync(path, configuration);
    return await startServer('dcmrecv', ['+B', '-od', folder, '-xf', path, profile]);
  });
}

/** Starts a server on a free port and waits until it listens. */
async function startServer(program: 'storescp' | 'dcmrecv', args: readonly string[]) {
  const port = await freePort();
  const server = startDcmtk(program, [...args, `${port}`]);
  try {
    await listening(server, port);
  } catch (error) {
    await server.stop('SIGKILL');
    throw error;
  }
  return { server, port };
}

/** DCMTK does not say when it listens: knock until somebody opens. The knock is a connection without a request. */
async function listening(server: Running, port: number): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  let hasEnded = false;
  const onEnd = () => {
    hasEnded = true;
  };
  server.ended.then(onEnd, onEnd);
  while (!(await isOpen(port))) {
    if (hasEnded) throw new Error(`ended at once:\n${server.stdout}\n${server.stderr}`);
    limit.throwIfAborted();
  }
}

/** DCMTK's storescu as the sending end of a matrix of transfers. */
export const fromDcmtkStorescu: Pick<Matrix, 'samples' | 'send' | 'check' | 'bytesKept'> = {
  samples: 'iebd',
  send: (given, folder) => dcmtk('storescu', [...given, '+sd', folder]),
  check: ({ code, stderr }) => {
    assert.doesNotMatch(stderr, /^[EF]:/m);
    assert.equal(code, 0);
  },
  bytesKept: false,
};
