// Compiles src to dist (what is shipped), everything, tests included, to .build (what the tests and the demo run), and the
// examples against dist, as whoever installs the package would. The applications in dist are bundled: of what a start
// costs, most would be finding and linking a hundred small modules. Manual pages (man) and schemas (schema) are made from the
// tables of options.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from '@rollup/wasm-node';
import { reachedFrom } from './reached-from.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const compiled = join(root, '.build', 'src');
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** @param {string} project */
function compile(project, output) {
  rmSync(join(root, output), { recursive: true, force: true });
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

/** Removes what index.js and index.d.ts do not lead to: declarations of what stays inside, and modules of types alone. */
function prune(folder) {
  const needed = reachedFrom([join(folder, 'index.js'), join(folder, 'index.d.ts')]);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (/\.(js|d\.ts)$/.test(name) && !needed.has(join(folder, name))) rmSync(join(folder, name));
}

const APPLICATIONS = ['storescu', 'storescp'];

/**
 * The chunk of a module that an application loads before it knows its options: one for those of both. Undefined for all other
 * modules, and for the applications' own: no chunk may ask for those, which would run once more under another name.
 */
function startChunk(id, getModuleInfo) {
  const folders = ['cli', 'base'].map((name) => join(compiled, name));
  const neededFor = (entry) => {
    const needed = new Set();
    const visit = (id) => {
      if (needed.has(id) || !folders.includes(dirname(id))) return;
      needed.add(id);
      for (const imported of getModuleInfo(id).importedIds) visit(imported);
    };
    // The latter two come by way of index.js, which brings the whole library.
    for (const name of [entry, 'base/version.js', 'base/identifiers.js']) visit(join(compiled, name));
    return needed;
  };
  const needing = APPLICATIONS.filter((name) => neededFor(`cli/${name}.js`).has(id));
  if (needing.length > 1) return 'application';
  const [name] = needing;
  return name === undefined || id === join(compiled, 'cli', `${name}.js`) ? undefined : `${name}-options`;
}

/** Chunks with a name that says more than that of one of their modules, which would be their name otherwise. */
const CHUNK_NAMES = { 'net/association.js': 'library', 'dictionary/tags.js': 'dictionary' };

function chunkName({ name, moduleIds }) {
  const telling = Object.keys(CHUNK_NAMES).find((module) => moduleIds.includes(join(compiled, module)));
  return `${CHUNK_NAMES[telling] ?? name}-[hash].js`;
}

compile('tsconfig.build.json', 'dist');
prune(join(root, 'dist'));
compile('tsconfig.json', '.build');
compile('examples/tsconfig.json', '.build/examples');

// What is imported only when needed stays in files of its own; what is installed beside us is not taken in. What every start
// needs is one file, even where the others need parts of it too. They are CommonJS, which Node 20 starts 6 to 9 ms sooner.
const applications = join(root, 'dist', 'cli');
rmSync(applications, { recursive: true });
const bundle = await rollup({
  input: APPLICATIONS.map((name) => join(compiled, 'cli', `${name}.js`)),
  external: (name) => !/^([./]|\w:)/.test(name),
  treeshake: { moduleSideEffects: false },
});
const { output } = await bundle.write({
  dir: applications,
  format: 'cjs',
  generatedCode: 'es2015',
  hoistTransitiveImports: false,
  onlyExplicitManualChunks: true,
  chunkFileNames: chunkName,
  manualChunks: (id, { getModuleInfo }) => startChunk(id, getModuleInfo),
});
await bundle.close();
for (const [module, name] of Object.entries(CHUNK_NAMES))
  if (!output.some(({ fileName }) => fileName.startsWith(`${name}-`)))
    throw new Error(`no chunk is named ${name}: where is ${module}, of CHUNK_NAMES?`);
writeFileSync(join(applications, 'package.json'), '{ "type": "commonjs" }\n');
for (const name of APPLICATIONS) chmodSync(join(applications, `${name}.js`), 0o755);

await import('../.build/scripts/write-documents.js');
