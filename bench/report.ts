/** docs/performance.md: the sections between markers are written by the benchmark, the rest by people. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectRoot } from '../test/support/paths.js';

const docs = join(projectRoot, 'docs');

interface Section {
  readonly path: string;
  /** The page up to the text of the section, and from its end on. */
  readonly before: string;
  readonly after: string;
}

/** @throws {Error} if the page has no such markers */
export async function findSection(name: string): Promise<Section> {
  const path = join(docs, 'performance.md');
  const page = await readFile(path, 'utf8');
  const [begin, end] = [`<!-- ${name}: written by npm run bench -->`, `<!-- end of ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${path} has no section ${name}`);
  return { path, before: page.slice(0, from + begin.length), after: page.slice(to) };
}

/** @throws {Error} likewise */
export async function saveSection(name: string, text: string): Promise<void> {
  const { path, before, after } = await findSection(name);
  await writeFile(path, `${before}\n\n${text}\n\n${after}`);
}

export async function savePicture(name: string, svg: string): Promise<void> {
  await writeFile(join(docs, name), svg);
}
