/** Bar 9: how long it takes to start, in milliseconds; medians of many runs in turn. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '../test/support/processes.js';
import { prepared, smallObjects } from './corpora.js';
import { instanceUid } from './images.js';
import { DCMTK_TUNED, ourCommand } from './participants.js';
import { inbox, removeFolder } from './places.js';
import { type Figures, type Probe, spreadOf } from './probes.js';
import { type Command, Listener } from './processes.js';

const RUNS = 20;

/** `node` runs nothing, `version` is ours, `send` is one 9 kB file to DCMTK's storescp, which costs next to nothing. */
export const START_UP: Probe = { name: `start-up, ${RUNS} runs`, run: measureStartUp };

async function measureStartUp(): Promise<Figures> {
  const file = join(await prepared(smallObjects(1)), instanceUid(0));
  const folder = await inbox('memory');
  const port = await freePort();
  const listener = await Listener.start(DCMTK_TUNED.provider.command(port, folder), port);
  const commands: Record<string, Command> = {
    node: { program: process.execPath, args: ['-e', '0'] },
    version: ourCommand('storescu', ['--version']),
    send: ourCommand('storescu', ['127.0.0.1', `${port}`, file]),
  };
  const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  try {
    for (let run = 0; run < RUNS; run++)
      for (const [name, command] of Object.entries(commands)) times.get(name)?.push(timeOf(command));
  } finally {
    await listener.stop();
    await removeFolder(folder);
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, spreadOf(values)?.median ?? NaN]));
}

function timeOf({ program, args }: Command): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  const milliseconds = performance.now() - begin;
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return milliseconds;
}
