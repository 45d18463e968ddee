/** A registry on loopback that has the packages installed beside the project: `npm install` works without a network. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { projectRoot } from './paths.js';
import { type Ended, run } from './processes.js';

export interface Registry extends AsyncDisposable {
  readonly url: string;
}

/** Runs npm, with a cache and a configuration of the test's own below `home`. */
export function npm(args: readonly string[], home: string, cwd = projectRoot): Promise<Ended> {
  const env = {
    npm_config_cache: join(home, 'npm-cache'),
    npm_config_userconfig: join(home, 'npmrc'),
    npm_config_update_notifier: 'false',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
  };
  return run('npm', args, { cwd, env });
}

/** Has one version of each package: what is in node_modules. The optional ones, which are large, are not found there. */
export async function packageRegistry(home: string): Promise<Registry> {
  const tarballs = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? '/').slice(1);
    const tarball = tarballs.get(path);
    if (tarball !== undefined) {
      response.end(tarball);
      return;
    }
    void describe(path, home).then(
      (found) => {
        response.statusCode = found === undefined ? 404 : 200;
        if (found === undefined) return void response.end('{}');
        const name = `${path}/-/package.tgz`;
        tarballs.set(name, found.tarball);
        const dist = { tarball: `${urlOf(server.address())}${name}`, integrity: integrityOf(found.tarball) };
        const { version } = found.manifest;
        const versions = { [version]: { ...found.manifest, dist } };
        response.end(JSON.stringify({ name: path, 'dist-tags': { latest: version }, versions }));
      },
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: urlOf(server.address()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface Manifest {
  readonly name: string;
  readonly version: string;
}

async function describe(
  name: string,
  home: string,
): Promise<{ readonly manifest: Manifest; readonly tarball: Buffer } | undefined> {
  const folder = join(projectRoot, 'node_modules', name);
  if (name === '' || isOptional(name) || !existsSync(join(folder, 'package.json'))) return undefined;
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return { manifest, tarball: readFileSync(await pack(folder, home)) };
}

function isOptional(name: string): boolean {
  const { optionalDependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8'));
  return Object.hasOwn(optionalDependencies, name);
}

/** Packs a folder as it is, and gives the path of what came of it. */
export async function pack(folder: string, home: string): Promise<string> {
  const { code, stdout, stderr } = await npm(
    ['pack', folder, '--ignore-scripts', '--silent', '--pack-destination', home],
    home,
  );
  if (code !== 0) throw new Error(stderr);
  return join(home, stdout.trim());
}

function integrityOf(tarball: Buffer): string {
  return `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
}

function urlOf(address: ReturnType<ReturnType<typeof createServer>['address']>): string {
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/`;
}
