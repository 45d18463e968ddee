/** What the built storescu proposes, for files of every kind: it is run, and what it sends is looked at. */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { EXPLICIT_VR_LITTLE_ENDIAN, type TransferSyntax, transferSyntax } from '../../src/dataset/transfer-syntax.js';
import type { AssociateRq } from '../../src/pdu/types.js';
import { recorder } from '../../test/support/apps-recorder.js';
import { encodeDataSet } from '../../test/support/data-set.js';
import { writeInstance } from '../../test/support/loopback-files.js';
import { temporaryFolder } from '../../test/support/loopback-server.js';
import { storescu } from '../../test/support/processes.js';
import { part10Of, sampleImage } from '../../test/support/sample-instance.js';

/** Each with a SOP class of its own, by which its contexts are found. */
const KINDS: readonly (readonly [kind: string, sopClassUid: string, syntaxUid: string])[] = [
  ['native file', '1.2.840.10008.5.1.4.1.1.2', EXPLICIT_VR_LITTLE_ENDIAN.uid],
  ['deflated file', '1.2.840.10008.5.1.4.1.1.4', '1.2.840.10008.1.2.1.99'],
  ['compressed file that can be decompressed', '1.2.840.10008.5.1.4.1.1.7', '1.2.840.10008.1.2.4.50'],
  ['compressed file that cannot', '1.2.840.10008.5.1.4.1.1.77.1.4.1', '1.2.840.10008.1.2.4.100'],
];

/** For each kind of file the transfer syntaxes of each context that is proposed for it. */
export interface Proposed {
  readonly request: AssociateRq;
  readonly contexts: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** Proposals of `storescu ARGUMENTS` for a file of each kind, or for the first kind alone. */
export async function proposals(commandLines: readonly (readonly string[])[], single = false): Promise<Proposed[]> {
  await using folder = await temporaryFolder();
  const paths: string[] = [];
  for (const [index, [, sopClassUid, uid]] of KINDS.entries()) {
    const syntax: TransferSyntax | undefined = transferSyntax(uid);
    if (syntax === undefined) throw new Error(`no transfer syntax ${uid}`);
    const path = join(folder.path, `${index}.dcm`);
    if (syntax.deflated) await writeFile(path, deflatedFile(sopClassUid, syntax));
    else await writeInstance(folder.path, basename(path), { sopClassUid, syntax });
    paths.push(path);
  }
  const found: Proposed[] = [];
  for (const args of commandLines) {
    await using peer = await recorder();
    const files = single ? paths.slice(0, 1) : paths;
    await storescu(['127.0.0.1', String(peer.port), ...files, ...args], { cwd: folder.path });
    const [request] = peer.requests;
    if (request === undefined) throw new Error(`storescu ${args.join(' ')} proposed nothing`);
    found.push({ request, contexts: new Map(KINDS.map(([kind, uid]) => [kind, contextsOf(request, uid)])) });
  }
  return found;
}

function deflatedFile(sopClassUid: string, syntax: TransferSyntax): Buffer {
  const dataSet = sampleImage({ sopClassUid });
  return part10Of(deflateRawSync(encodeDataSet(dataSet, EXPLICIT_VR_LITTLE_ENDIAN)), dataSet, syntax);
}

function contextsOf({ presentationContexts }: AssociateRq, sopClassUid: string): readonly (readonly string[])[] {
  return presentationContexts
    .filter(({ abstractSyntax }) => abstractSyntax === sopClassUid)
    .map(({ transferSyntaxes }) => transferSyntaxes);
}
