/** Both applications with options from config files and the environment, and what they print about their options. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configSchema } from '../../scripts/config-schema.js';
import { manPage } from '../../scripts/man-page.js';
import { completionScript } from '../../src/cli/completion.js';
import { STORESCP } from '../../src/cli/storescp-options.js';
import { STORESCU } from '../../src/cli/storescu-options.js';
import { type Folder, sampleFolder, temporaryFolder } from '../support/apps-files.js';
import { recorder } from '../support/apps-recorder.js';
import { runStorescp, runStorescu, words } from '../support/apps-run.js';
import { applicationPath, projectRoot } from '../support/paths.js';
import { Running, type RunOptions, storescu } from '../support/processes.js';

const limits = { concurrency: 6, timeout: 60_000 };
const SILENT_SUCCESS = { code: 0, signal: null, stdout: '', stderr: '' };

let folder: Folder;
before(async () => {
  folder = await sampleFolder();
});
after(() => folder[Symbol.asyncDispose]());

describe('storescu', limits, () => {
  it('sends as the config file says, and as environment and command line say before it', async (test) => {
    await using peer = await recorder();
    const config = {
      addr: '127.0.0.1',
      port: peer.port,
      'called-aet': 'FILE',
      'calling-aet': 'FILE',
      'propose-own': true,
    };
    await writeFile(join(folder.path, 'pacs.json'), JSON.stringify(config));
    const env = { NETDICOM_CALLED_AET: 'VARIABLE', NETDICOM_MAX_PDU: '0' };
    for (const line of ['--config pacs.json ct.dcm', '--config pacs.json -pdu 4096 -xb -aet LINE ct.dcm'])
      assert.deepEqual(await runStorescu(test, words(line), { cwd: folder.path, env }), SILENT_SUCCESS);
    const seen = peer.requests.map(({ calledAeTitle, callingAeTitle, userInformation, presentationContexts }) => [
      callingAeTitle.trim(),
      calledAeTitle.trim(),
      userInformation.maximumLength,
      presentationContexts.length,
    ]);
    // -xo proposes two contexts, -xb one.
    assert.deepEqual(seen, [
      ['FILE', 'VARIABLE', 0, 2],
      ['LINE', 'VARIABLE', 4096, 1],
    ]);
  });

  it('says nothing of variables when a peer is pinged from the container of storescp', async (test) => {
    await using peer = await recorder();
    const env = { NETDICOM_PORT: '11112', NETDICOM_AETITLE: 'ARCHIVE', NETDICOM_OUTPUT_DIRECTORY: '/nowhere' };
    const ended = await runStorescu(test, ['127.0.0.1', `${peer.port}`, '--echo'], { env });
    assert.deepEqual(ended, SILENT_SUCCESS);
  });
});

describe('storescp', limits, () => {
  it('receives as the environment of a container says', async () => {
    await using output = await temporaryFolder();
    const env = { NETDICOM_PORT: '0', NETDICOM_AETITLE: 'ARCHIVE', NETDICOM_OUTPUT_DIRECTORY: output.path };
    await receiveOne([], { env }, 'ARCHIVE');
    assert.deepEqual(await readdir(output.path), ['CT.1.2.3.4.5.6']);
  });

  it('receives as a config file says', async () => {
    await using output = await temporaryFolder();
    const path = join(output.path, 'storescp.json');
    const config = { $schema: 'storescp.schema.json', port: 0, 'output-directory': output.path, verbose: true };
    await writeFile(path, JSON.stringify(config));
    const stderr = await receiveOne([`--config=${path}`], {});
    assert.match(stderr, /^I: Storing DICOM file: CT\.1\.2\.3\.4\.5\.6$/m);
    assert.deepEqual((await readdir(output.path)).sort(), ['CT.1.2.3.4.5.6', 'storescp.json']);
  });

  async function receiveOne(args: readonly string[], options: RunOptions, called = 'ANY-SCP'): Promise<string> {
    await using storescp = new Running(process.execPath, [applicationPath('storescp'), ...args], options);
    const [port = ''] = await storescp.output('stdout', /^\d+$/m);
    const ended = await storescu(['127.0.0.1', port, join(folder.path, 'ct.dcm'), '-aec', called]);
    assert.deepEqual(ended, SILENT_SUCCESS);
    return (await storescp.stop()).stderr;
  }
});

describe('what is wrong is named in one line, exit code 2:', limits, () => {
  const WRONG: readonly (readonly [config: string, env: NodeJS.ProcessEnv, error: string])[] = [
    ['{}', {}, 'missing port'],
    ['{}', { NETDICOM_PORT: 'http' }, 'NETDICOM_PORT: http is not a number from 0 to 65535'],
    ['{"port" 1}', {}, 'site.json:1:9: not JSON: 1 is not expected here'],
    [
      '{"port": 1,\n "outputdirectory": "."}',
      {},
      'site.json:2:2: unknown option outputdirectory (did you mean output-directory?)',
    ],
    ['{"port": 1,\n "ignore": "no"}', {}, 'site.json:2:12: ignore: "no" is not true or false'],
  ];
  for (const [config, env, error] of WRONG)
    it(error, async (test) => {
      await using own = await temporaryFolder();
      await writeFile(join(own.path, 'site.json'), config);
      const ended = await runStorescp(test, ['--config', 'site.json'], { cwd: own.path, env });
      const stderr = `storescp: ${error}\nTry 'storescp --help' for more information.\n`;
      assert.deepEqual(ended, { code: 2, signal: null, stdout: '', stderr });
    });
});

describe('a start without these', limits, () => {
  /** Prints at the end which files of ours, and which modules of Node, were loaded. */
  const TELL = `process.on('exit', () => console.log([...Object.keys(require.cache), ...process.moduleLoadList].join('\\n')));`;
  const UNUSED = /momoa|config-file|completion|help-text|decompress|report-reader|NativeModule zlib/;

  it('loads no code for config files, completion, help, codecs and reports', async (test) => {
    await using peer = await recorder();
    const path = join(folder.path, 'tell.cjs');
    await writeFile(path, TELL);
    const env = { NODE_OPTIONS: `--require "${path}"` };
    const sent = await runStorescu(test, ['127.0.0.1', `${peer.port}`, join(folder.path, 'ct.dcm')], { env });
    const refused = await runStorescp(test, ['0', '--output-directory', join(folder.path, 'ct.dcm')], { env });
    assert.deepEqual([sent.code, refused.code], [0, 1]);
    for (const [name, { stdout }] of Object.entries({ storescu: sent, storescp: refused })) {
      const loaded = stdout.split('\n');
      assert.ok(loaded.some((module) => module.includes(`${name}-run`)));
      assert.ok(loaded.includes('NativeModule net'));
      assert.deepEqual(
        loaded.filter((module) => UNUSED.test(module)),
        [],
      );
    }
  });
});

describe('made from the tables of options', limits, () => {
  for (const [application, runApplication] of [
    [STORESCU, runStorescu],
    [STORESCP, runStorescp],
  ] as const) {
    it(`${application.name} --completion prints a script for each shell`, async (test) => {
      for (const shell of ['bash', 'zsh', 'fish'] as const) {
        const ended = await runApplication(test, ['--completion', shell]);
        assert.deepEqual(ended, { ...SILENT_SUCCESS, stdout: completionScript(application, shell) });
      }
    });

    it(`the manual page of ${application.name} is built`, async () => {
      const page = await readFile(join(projectRoot, 'man', `${application.name}.1`), 'utf8');
      const [, date = ''] = /^\.TH \w+ 1 (\d{4}-\d\d-\d\d) /m.exec(page) ?? [];
      assert.equal(page, manPage(application, date));
    });

    it(`the schema of ${application.name} is built, and the package exports it`, async () => {
      const schema = import.meta.resolve(`netdicom/schema/${application.name}.schema.json`);
      assert.deepEqual(JSON.parse(await readFile(new URL(schema), 'utf8')), configSchema(application));
    });
  }
});
