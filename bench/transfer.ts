/** One transfer: a corpus from a user to a provider, measured and checked. */
import { execFileSync } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../test/support/processes.js';
import { checkReceived } from './check.js';
import { type Corpus, prepared } from './corpora.js';
import { benchCommand, type Provider, type User } from './participants.js';
import { claimMemory, inbox, type Place, removeFolder } from './places.js';
import { Listener, runMeasured, runToEnd } from './processes.js';

export interface Transfer {
  readonly user: User;
  readonly provider: Provider;
  readonly corpus: Corpus;
  /** The provider has received the corpus so often before it is measured. Default 0. */
  readonly warmUps?: number;
  /** Through the delay proxy, even if it is 0. Default: without it. */
  readonly roundTripMs?: number;
  /** Of what is received. Default memory. */
  readonly place?: Place;
}

/** Seconds and megabytes (of 2^20 bytes). */
export type Figure = 'wall' | 'userCpu' | 'providerCpu' | 'userPeak' | 'providerPeak';

export function transferName({ user, provider, corpus, ...more }: Transfer): string {
  const distance = more.roundTripMs === undefined ? '' : `, ${more.roundTripMs} ms`;
  const warm = more.warmUps === undefined ? '' : `, pass ${more.warmUps + 1}`;
  return `${user.name} → ${provider.name}, ${corpus.title}${distance}${warm}${more.place === 'disk' ? ', disk' : ''}`;
}

/** @throws {Error} if a program fails or anything that was sent is not there as it was */
export async function measureTransfer(transfer: Transfer): Promise<Record<Figure, number>> {
  const { user, provider, corpus, roundTripMs, warmUps = 0, place = 'memory' } = transfer;
  const corpusFolder = await prepared(corpus);
  const into = await inbox(place);
  const port = await freePort();
  const listeners: Listener[] = [];
  try {
    claimMemory(into, corpus.count * corpus.fileBytes);
    let target = port;
    const listener = await Listener.start(provider.command(port, into), port);
    listeners.push(listener);
    if (roundTripMs !== undefined) {
      target = await freePort();
      const proxy = benchCommand('delay-proxy', [target, port, roundTripMs].map(String));
      listeners.push(await Listener.start(proxy, target));
    }
    for (let pass = 0; pass < warmUps; pass++) {
      await runToEnd(user.command(target, corpusFolder));
      await empty(into);
    }
    if (place === 'disk') execFileSync('sync');
    const meter = await listener.meter();
    const sent = await runMeasured(user.command(target, corpusFolder));
    const received = await meter();
    await checkReceived({ inbox: into, isRewritten: provider.rewrites ?? false }, corpus, corpusFolder);
    return {
      wall: sent.wallSeconds,
      userCpu: sent.cpuSeconds,
      providerCpu: received.cpuSeconds,
      userPeak: sent.peakMb,
      providerPeak: received.peakMb,
    };
  } catch (error) {
    throw new Error(`${transferName(transfer)}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    for (const listener of listeners) await listener.stop();
    await removeFolder(into);
  }
}

async function empty(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name));
}
