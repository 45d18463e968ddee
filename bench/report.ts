/** docs/performance.md: the sections between markers are written by the benchmark, the rest by people. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../test/support/paths.js';

const docs = join(projectRoot, 'docs');

/** @throws {Error} if the page has no such markers */
export async function saveSection(name: string, text: string): Promise<void> {
  const path = join(docs, 'performance.md');
  const page = await readFile(path, 'utf8');
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no section ${name}`);
  await writeFile(path, `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`);
}

export async function savePicture(name: string, svg: string): Promise<void> {
  await writeFile(join(docs, name), svg);
}
