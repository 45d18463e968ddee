/** npm run demo: makes a sample image, starts storescp, sends the image with storescu, and compares what was stored. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isDeepStrictEqual } from 'node:util';
import { applicationPath } from '../test/support/paths.js';
import { readPart10, sampleImage, samplePart10 } from '../test/support/sample-instance.js';

const folder = await mkdtemp(join(tmpdir(), 'netdicom-demo-'));
const running: ChildProcess[] = [];

try {
  process.exitCode = await demo();
} finally {
  for (const child of running) child.kill('SIGKILL');
  await rm(folder, { recursive: true });
}

async function demo(): Promise<number> {
  const image = sampleImage({ rows: 512, columns: 512 });
  const path = join(folder, 'sample.dcm');
  await writeFile(path, samplePart10(image));
  console.log(`A sample image of 512 x 512 pixels: ${path}\n`);

  const storescp = start('storescp', ['0', '-v', '-od', folder]);
  const port = await firstLine(storescp);
  const code = await exitCode(start('storescu', ['127.0.0.1', port, path, '-v', '--echo']));
  storescp.kill('SIGINT');
  await exitCode(storescp);

  const name = (await readdir(folder)).find((candidate) => candidate.startsWith('SC.'));
  if (code !== 0 || name === undefined) {
    console.error(`\nThe image did not arrive: storescu ended with exit code ${code}`);
    return 1;
  }
  const sent = readPart10(await readFile(path));
  const stored = readPart10(await readFile(join(folder, name)));
  const isSame = isDeepStrictEqual(stored.dataSet, sent.dataSet);
  console.log(`\nSent in ${sent.syntax.name}, stored in ${stored.syntax.name} as ${name}`);
  console.log(
    isSame ? 'The stored data set is the one that was sent.' : 'The stored data set DIFFERS from the one sent.',
  );
  return isSame ? 0 : 1;
}

/** Starts an application; its log goes to the terminal line by line, with its name before it. */
function start(name: 'storescu' | 'storescp', args: readonly string[]): ChildProcess {
  console.log(`$ ${name} ${args.join(' ')}`);
  const child = spawn(process.execPath, [applicationPath(name), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  createInterface({ input: child.stderr }).on('line', (line) => console.log(`  ${name} | ${line}`));
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the child has no standard output');
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error('storescp ended before it said its port');
}

function exitCode(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}
