/**
 * npm run picture: the picture of the README, docs/terminal.svg, from a real run in a real terminal. Needs tmux, and 6 GB of
 * memory for files that take long enough to be seen on their way.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { applicationPath, projectRoot } from '../test/support/paths.js';
import { freePort } from '../test/support/processes.js';
import { CT_IMAGE, MR_IMAGE, sampleImage, samplePart10 } from '../test/support/sample-instance.js';
import { screenSvg, type TimedScreen } from './screen-svg.js';

const COLUMNS = 112;
const ROWS = 17;
const PROMPT = '$ ';
const LOOK_MS = 100;
/** How long the last screen stays. */
const LAST_MS = 6000;
const PATIENTS = [
  { id: 'P-1001', sopClassUid: CT_IMAGE },
  { id: 'P-1002', sopClassUid: MR_IMAGE },
  { id: 'P-1003', sopClassUid: CT_IMAGE },
] as const;
const IMAGES_OF_EACH = 8;
const SIDE = 8000;

const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'netdicom-picture-'));
const session = `netdicom-picture-${process.pid}`;
try {
  prepare();
  const screens = await filmed(await freePort());
  writeFileSync(join(projectRoot, 'docs', 'terminal.svg'), screenSvg(screens, { columns: COLUMNS, rows: ROWS }));
} finally {
  tmux('kill-server');
  rmSync(folder, { recursive: true });
}

/** A folder with images of three patients, and one that was cut short. */
function prepare(): void {
  for (const name of ['bin', 'study', 'in']) mkdirSync(join(folder, name));
  for (const name of ['storescu', 'storescp'] as const) symlinkSync(applicationPath(name), join(folder, 'bin', name));
  for (const { id, sopClassUid } of PATIENTS) {
    const path = join(folder, 'study', id);
    mkdirSync(path);
    for (let number = 1; number <= IMAGES_OF_EACH; number++) {
      const sopInstanceUid = `1.2.826.0.1.${id.slice(2)}.${number}`;
      const elements = [{ tag: 0x00100020, vr: 'LO', value: [id] }] as const;
      const image = sampleImage({ sopClassUid, sopInstanceUid, rows: SIDE, columns: SIDE, elements });
      const file = samplePart10(image);
      const isCut = id === 'P-1002' && number === 3;
      writeFileSync(join(path, `${number}.dcm`), isCut ? file.subarray(0, 4096) : file);
    }
  }
}

async function filmed(port: number): Promise<readonly TimedScreen[]> {
  const shell = ['env', '-i', `PATH=${join(folder, 'bin')}:${process.env.PATH}`, 'TERM=screen', `PS1=${PROMPT}`];
  const size = ['-x', `${COLUMNS}`, '-y', `${ROWS}`];
  tmux('new-session', '-d', '-s', session, ...size, '-c', folder, ...shell, 'bash', '--norc', '--noprofile');
  tmux('set-option', '-t', session, 'status', 'off');
  const film: TimedScreen[] = [];
  const pattern = "'{PatientID}/{Modality}.{SOPInstanceUID}.dcm'";
  for (const command of [
    `storescp ${port} -od in --output-pattern ${pattern} &`,
    `storescu 127.0.0.1 ${port} study -r -xo --report sent.csv`,
    'ls in in/P-1002',
    'grep -c ,stored, sent.csv',
  ])
    film.push(...(await run(command)));
  const last = { text: screen(), ms: LAST_MS };
  // A hang-up does not end it.
  await run('kill %1; wait');
  return [...film, last];
}

/** What there is to see from before a command is typed until its prompt has come back. */
async function run(command: string): Promise<readonly TimedScreen[]> {
  const film: TimedScreen[] = [];
  const look = async (isOver: (lines: readonly string[]) => boolean) => {
    for (let text = screen(); ; text = screen()) {
      const last = film.at(-1);
      if (last?.text === text) film.splice(-1, 1, { text, ms: last.ms + LOOK_MS });
      else film.push({ text, ms: LOOK_MS });
      if (isOver(text.trimEnd().split('\n'))) return;
      await sleep(LOOK_MS);
    }
  };
  await look((lines) => lines.at(-1) === PROMPT.trim());
  tmux('send-keys', '-t', session, '-l', command);
  await look((lines) => lines.at(-1) !== PROMPT.trim());
  film.push({ text: screen(), ms: 1500 });
  tmux('send-keys', '-t', session, 'Enter');
  await look((lines) => lines.at(-1) === PROMPT.trim());
  return [...film, { text: screen(), ms: 800 }];
}

function screen(): string {
  return tmux('capture-pane', '-p', '-t', session);
}

function tmux(...args: readonly string[]): string {
  return execFileSync('tmux', ['-L', session, ...args], { encoding: 'utf8' });
}
