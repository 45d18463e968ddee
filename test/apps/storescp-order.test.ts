/** What the built storescp asks the system for, in order, before it says Success: seen by strace, not by our own code. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../support/apps-files.js';
import {
  CT_CONTEXT,
  exchange,
  openAssociation,
  PduSocket,
  releaseAssociation,
  storeRequest,
} from '../support/apps-peer.js';
import { ctDataSet } from '../support/loopback-peer.js';
import { applicationPath } from '../support/paths.js';
import { skipWithout } from '../support/peers-required.js';
import { Running, run } from '../support/processes.js';

const CALLS =
  'openat,write,writev,pwritev,fsync,fdatasync,close,rename,renameat,renameat2,link,linkat,mkdir,mkdirat,unlink,sendto,sendmsg';

/** Tracing a process is forbidden in some containers. */
async function skipWithoutStrace(): Promise<string | false> {
  const missing = skipWithout(['strace'], 'strace');
  if (missing !== false) return missing;
  const { code, stderr } = await run('strace', ['-f', '-o', '/dev/null', 'true']);
  return code === 0 ? false : `skipped: strace may not trace: ${stderr.trim()}`;
}

const skip = await skipWithoutStrace();

/** `begin fdatasync PART` and `end fdatasync PART`, in the order in which the kernel had them; other files are left out. */
function steps(trace: string, directory: string): readonly string[] {
  const told: string[] = [];
  const unfinished = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>/.test(text);
    const step = resumed ? unfinished.get(thread) : stepOf(text, directory);
    if (step === undefined) continue;
    if (!resumed) told.push(`begin ${step}`);
    if (text.endsWith('<unfinished ...>')) unfinished.set(thread, step);
    else {
      unfinished.delete(thread);
      told.push(`end ${step}`);
    }
  }
  return told;
}

/** A call that is about what is stored, or that says something to a peer. */
function stepOf(text: string, directory: string): string | undefined {
  const [, call = '', rest = ''] = /^(\w+)\((.*)$/.exec(text) ?? [];
  if (/^\d+<(TCP|socket)/.test(rest)) return /write|send/.test(call) ? 'answer' : undefined;
  if (call === 'openat') return rest.includes('.part"') && rest.includes('O_CREAT') ? 'create PART' : undefined;
  if (call.startsWith('rename')) return rest.includes('.part"') ? 'rename PART' : undefined;
  if (call.startsWith('link')) return rest.includes('.part"') ? 'link PART' : undefined;
  if (call.startsWith('mkdir')) return `mkdir ${rest.split(`"${directory}/`)[1]?.split('"')[0]}`;
  const [, path = ''] = /^\d+<([^>]*)>/.exec(rest) ?? [];
  if (path === directory) return call === 'fsync' ? 'fsync DIRECTORY' : undefined;
  if (!path.endsWith('.part'))
    return call.endsWith('sync') && path !== '' ? `${call} ${relative(directory, path)}` : undefined;
  return call.includes('write') ? 'write PART' : `${call} PART`;
}

/** The second in many writes. */
const OBJECTS = [
  ['1.2.1', 100],
  ['1.2.2', 3_000_000],
] as const;

/** Stores objects, and gives what happened from the start to the release's answer. */
async function traced(
  options: readonly string[],
  objects: readonly (readonly [uid: string, bytes: number])[] = OBJECTS,
): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  await using output = await temporaryFolder();
  const trace = join(folder.path, 'trace');
  const command = ['-f', '-yy', '-s', '0', '-e', `trace=${CALLS}`, '-o', trace, process.execPath];
  const args = [applicationPath('storescp'), '0', '-od', output.path, ...options];
  await using strace = new Running('strace', [...command, ...args]);
  const [port = ''] = await strace.output('stdout', /^\d+$/m);
  await using socket = await PduSocket.connect(Number(port));
  await openAssociation(socket, [CT_CONTEXT]);
  for (const [uid, bytes] of objects)
    assert.equal((await exchange(socket, storeRequest(uid), ctDataSet(uid, bytes))).status, 0);
  await releaseAssociation(socket);
  // Strace ends when the one does that it traces.
  process.kill(Number(readFileSync(`/proc/${strace.pid}/task/${strace.pid}/children`, 'utf8')), 'SIGTERM');
  await strace.ended;
  return steps(readFileSync(trace, 'utf8'), output.path);
}

/**
 * The same without repetitions one after another, since a file is written in as many calls as it takes, and from the answer to
 * the association request on: before it, storescp tries what it can do in the directory.
 */
function inShort(told: readonly string[]): readonly string[] {
  const calls = told
    .slice(told.indexOf('begin answer'))
    .filter((step) => step.startsWith('begin') || !step.endsWith('write PART'));
  return calls.filter((step, index) => step !== calls[index - 1]);
}

const both = (step: string) => [`begin ${step}`, `end ${step}`];
const ANSWER = both('answer');
/** What begins only when the one before it has ended. */
const STORED = [...both('create PART'), 'begin write PART'];

describe('storescp answers Success', { concurrency: 2, timeout: 60_000, skip }, () => {
  it('after the data is synced, then renamed, then the directory synced', async () => {
    const whole = [
      ...STORED,
      ...both('fdatasync PART'),
      ...both('close PART'),
      ...both('rename PART'),
      ...both('fsync DIRECTORY'),
      ...ANSWER,
    ];
    // The first answer is to the association request, the last to the release request.
    assert.deepEqual(inShort(await traced([])), [...ANSWER, ...whole, ...whole, ...ANSWER]);
  });

  it('after the folders on the way are made and each is on the disk in the one around it', async () => {
    const begun = [...STORED, ...both('fdatasync PART'), ...both('close PART')];
    const made = [...both('mkdir PEER'), ...both('fsync DIRECTORY'), ...both('mkdir PEER/CT'), ...both('fsync PEER')];
    const named = [...both('rename PART'), ...both('fsync PEER/CT'), ...ANSWER];
    const args = ['--output-pattern', '{CallingAET}/{Prefix}/{SOPInstanceUID}'];
    assert.deepEqual(inShort(await traced(args)), [
      ...ANSWER,
      ...begun,
      ...made,
      ...named,
      ...begun,
      ...named,
      ...ANSWER,
    ]);
  });

  it('after the file is linked where none was, with --on-duplicate', async () => {
    const begun = [...STORED, ...both('fdatasync PART'), ...both('close PART')];
    const whole = [...begun, ...both('link PART'), ...both('fsync DIRECTORY'), ...ANSWER];
    for (const mode of ['keep', 'reject']) {
      const told = await traced(['--on-duplicate', mode]);
      // Whether there can be links is tried at the start.
      assert.ok(told.slice(0, told.indexOf('begin answer')).includes('end link PART'));
      assert.deepEqual(inShort(told), [...ANSWER, ...whole, ...whole, ...ANSWER]);
    }
  });

  it('after the file that stays is flushed, with --on-duplicate keep and the same object once more', async () => {
    const twice = [
      ['1.2.1', 100],
      ['1.2.1', 100],
    ] as const;
    const told = inShort(await traced(['--on-duplicate', 'keep'], twice));
    const begun = [...STORED, ...both('fdatasync PART'), ...both('close PART'), ...both('link PART')];
    assert.deepEqual(told, [
      ...ANSWER,
      ...[...begun, ...both('fsync DIRECTORY'), ...ANSWER],
      // It is compared first, then flushed: whoever wrote it may have done so with --no-fsync.
      ...[...begun, ...both('close PART'), ...both('fdatasync CT.1.2.1'), ...both('fsync DIRECTORY'), ...ANSWER],
      ...ANSWER,
    ]);
  });

  it('after the data is written and renamed, with --no-fsync', async () => {
    const whole = [...STORED, ...both('close PART'), ...both('rename PART'), ...ANSWER];
    assert.deepEqual(inShort(await traced(['--no-fsync'])), [...ANSWER, ...whole, ...whole, ...ANSWER]);
  });
});
