/**
 * The other DICOM library of Node, as its manual shows it: one request per file; the data set of each request to a file.
 * Installed in this folder alone: npm ci --prefix bench. Run as: dcmjs-dimse.js scu|scp PORT FOLDER
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { benchPackage } from './participants.js';

/** As much of its interface as is used here. */
interface DcmjsDimse {
  readonly Client: new () => Client;
  readonly Server: new (scp: new (socket: Socket, options: object) => Scp) => Server;
  readonly Scp: new (socket: Socket, options: object) => Scp;
  readonly log: { setLevel(level: string): void };
  readonly requests: { readonly CStoreRequest: new (path: string) => StoreRequest };
  readonly responses: { readonly CStoreResponse: { fromRequest(request: StoreRequest): Response } };
  readonly constants: {
    readonly Status: { readonly Success: number };
    readonly PresentationContextResult: { readonly Accept: number };
  };
}
interface Emitter {
  on(event: string, listener: (argument: unknown) => void): void;
}
interface Client extends Emitter {
  addRequest(request: StoreRequest): void;
  send(host: string, port: number, callingAeTitle: string, calledAeTitle: string): void;
}
interface Server extends Emitter {
  listen(port: number): void;
}
interface Scp {
  sendAssociationAccept(): void;
  sendAssociationReleaseResponse(): void;
}
interface Association {
  getPresentationContexts(): readonly { readonly id: number }[];
  getPresentationContext(id: number): {
    getTransferSyntaxUids(): readonly string[];
    setResult(result: number, transferSyntax?: string): void;
  };
}
interface StoreRequest extends Emitter {
  getDataset(): { toFile(path: string, callback: (error?: Error) => void): void };
  getAffectedSopInstanceUid(): string;
}
interface Response {
  setStatus(status: number): void;
  getStatus(): number;
}

const [role, port, folder = '.'] = process.argv.slice(2);
const dimse: DcmjsDimse = createRequire(benchPackage)('dcmjs-dimse');
dimse.log.setLevel('silent');
const { Success } = dimse.constants.Status;
if (role === 'scu') send();
else receive();

function send(): void {
  const client = new dimse.Client();
  for (const name of readdirSync(folder)) {
    const request = new dimse.requests.CStoreRequest(join(folder, name));
    request.on('response', (response) => {
      if (!isSuccess(response)) process.exitCode = 1;
    });
    client.addRequest(request);
  }
  client.on('networkError', (error) => {
    throw error;
  });
  client.send('127.0.0.1', Number(port), 'SCU', 'ANY-SCP');
}

function isSuccess(response: unknown): boolean {
  const status = typeof response === 'object' && response !== null && 'getStatus' in response && response.getStatus;
  return typeof status === 'function' && status.call(response) === Success;
}

function receive(): void {
  class Provider extends dimse.Scp {
    associationRequested(association: Association): void {
      for (const { id } of association.getPresentationContexts()) {
        const context = association.getPresentationContext(id);
        // The last is Explicit VR Little Endian, the files' own.
        context.setResult(dimse.constants.PresentationContextResult.Accept, context.getTransferSyntaxUids().at(-1));
      }
      this.sendAssociationAccept();
    }

    cStoreRequest(request: StoreRequest, callback: (response: Response) => void): void {
      request.getDataset().toFile(join(folder, request.getAffectedSopInstanceUid()), (error) => {
        if (error !== undefined && error !== null) throw error;
        const response = dimse.responses.CStoreResponse.fromRequest(request);
        response.setStatus(Success);
        callback(response);
      });
    }

    associationReleaseRequested(): void {
      this.sendAssociationReleaseResponse();
    }
  }
  const server = new dimse.Server(Provider);
  server.on('networkError', () => undefined);
  server.listen(Number(port));
}
