/** Orthanc as a peer of ours: a server that takes every class and syntax, is asked over HTTP what it has, and sends it. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { TemporaryFolder } from './peers-files.js';
import { skipWithout } from './peers-required.js';
import { freePort, Running } from './processes.js';

/** Where Debian has it, which is on root's path alone. */
process.env.PATH += `${delimiter}/usr/sbin`;

/** As `skipWithout`. */
export function skipWithoutOrthanc(): string | false {
  return skipWithout(['Orthanc'], 'orthanc');
}

const AE_TITLE = 'ORTHANC';
/** What it calls the one it sends to. */
const MODALITY = 'ours';

/** Running, with nothing in it, until it is disposed of. */
export class Orthanc implements AsyncDisposable {
  readonly #folder: TemporaryFolder;
  readonly #server: Running;
  readonly #url: string;
  /** Host and port, as senders take them on their command lines. */
  readonly address: readonly [string, string];

  private constructor(folder: TemporaryFolder, server: Running, ports: Ports) {
    this.#folder = folder;
    this.#server = server;
    this.#url = `http://127.0.0.1:${ports.http}`;
    this.address = ['127.0.0.1', `${ports.dicom}`];
  }

  /** Resolves when it answers. */
  static async start(): Promise<Orthanc> {
    const folder = new TemporaryFolder();
    const ports = { http: await freePort(), dicom: await freePort() };
    const path = join(folder.path, 'orthanc.json');
    writeFileSync(path, JSON.stringify(configuration(join(folder.path, 'storage'), ports)));
    // With Nagle's algorithm each of its answers waits 40 ms for an acknowledgement.
    const server = new Running('Orthanc', [path], { env: { TCP_NODELAY: '1' } });
    const orthanc = new Orthanc(folder, server, ports);
    try {
      await server.output('stderr', /Orthanc has started/);
    } catch (error) {
      await orthanc[Symbol.asyncDispose]();
      throw error;
    }
    return orthanc;
  }

  /** The files of all instances it has, in any order, which are then removed. */
  async take(): Promise<readonly Buffer[]> {
    const files: Buffer[] = [];
    for (const id of await this.#list('/instances')) files.push(await this.#get(`/instances/${id}/file`));
    await this.clear();
    return files;
  }

  /** Removes all instances. */
  async clear(): Promise<void> {
    for (const id of await this.#list('/patients')) await this.#ask(`/patients/${id}`, { method: 'DELETE' });
  }

  /** Gives it a file over HTTP, which it may refuse. */
  async upload(file: Buffer): Promise<void> {
    const response = await fetch(`${this.#url}/instances`, { method: 'POST', body: file });
    await response.arrayBuffer();
  }

  /** Has it send all instances it has; one that cannot be sent does not keep it from sending the others. */
  async sendTo([host, port]: readonly [string, string]): Promise<void> {
    await this.#ask(`/modalities/${MODALITY}`, { method: 'PUT', body: JSON.stringify([AE_TITLE, host, Number(port)]) });
    const order = { Resources: await this.#list('/instances'), Synchronous: true, Permissive: true };
    await this.#ask(`/modalities/${MODALITY}/store`, { method: 'POST', body: JSON.stringify(order) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
    this.#folder[Symbol.dispose]();
  }

  async #list(path: string): Promise<readonly string[]> {
    const response = await this.#ask(path);
    const list = await response.json();
    return Array.isArray(list) ? list.map(String) : assert.fail(`${path} is no list`);
  }

  async #get(path: string): Promise<Buffer> {
    const response = await this.#ask(path);
    return Buffer.from(await response.arrayBuffer());
  }

  async #ask(path: string, request?: RequestInit): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, request);
    if (!response.ok) assert.fail(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

interface Ports {
  readonly http: number;
  readonly dicom: number;
}

function configuration(storage: string, ports: Ports) {
  mkdirSync(storage);
  return {
    StorageDirectory: storage,
    IndexDirectory: storage,
    SyncStorageArea: false,
    DicomAet: AE_TITLE,
    DicomPort: ports.dicom,
    UnknownSopClassAccepted: true,
    AcceptedTransferSyntaxes: ['*'],
    // What it sends is as it has it.
    TranscodeDicomProtocol: false,
    HttpPort: ports.http,
    AuthenticationEnabled: false,
    RemoteAccessAllowed: false,
    OrthancExplorerEnabled: false,
    WebDavEnabled: false,
    SaveJobs: false,
    Plugins: [],
  };
}
