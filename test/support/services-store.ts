/** C-STORE requests to a storage provider without an association around them, and what its sink is left with. */
import assert from 'node:assert/strict';
import { forEachBatch } from '../../src/base/batch-queue.js';
import { StatusError } from '../../src/base/errors.js';
import type { CapturedAttribute } from '../../src/dataset/attribute-capture.js';
import type { CStoreRq } from '../../src/dimse/messages.js';
import { PRIORITY } from '../../src/dimse/messages.js';
import type { AssociationHandle } from '../../src/net/association-handle.js';
import { storageProvider } from '../../src/services/storage-provider.js';
import { CT_IMAGE } from './sample-instance.js';

export interface StoreOptions {
  readonly transferSyntaxUid: string;
  readonly sopClassUid?: string;
  readonly sopInstanceUid?: string;
  /** Of the context. Default: the SOP class. */
  readonly abstractSyntax?: string;
  readonly callingAeTitle?: string;
  /** Tags of those that the sink is to know. */
  readonly attributes?: readonly number[];
}

/** `file` is what the sink had when its loop ended, in good order or not. */
export interface Stored {
  readonly status: number;
  readonly comment: string;
  readonly file: Buffer;
  /** Those that it had then, by their tags. */
  readonly attributes: ReadonlyMap<number, CapturedAttribute>;
}

/**
 * Stores a data set that comes in these views, each a batch of its own whose bytes are wiped when the next is asked for. The
 * sink reads it in either of the two ways there are, which must come to the same.
 */
export async function store(views: Iterable<Buffer>, options: StoreOptions): Promise<Stored> {
  const all = [...views];
  const stored = await storeBy('loop', all, options);
  assert.deepEqual(await storeBy('forEach', all, options), stored);
  return stored;
}

async function storeBy(how: 'loop' | 'forEach', views: readonly Buffer[], options: StoreOptions): Promise<Stored> {
  const { transferSyntaxUid, sopClassUid = CT_IMAGE, sopInstanceUid = '1.2.3', abstractSyntax = sopClassUid } = options;
  const written: Buffer[] = [];
  let attributes: Stored['attributes'] = new Map();
  const provider = storageProvider({
    promiscuous: true,
    aeTitle: 'STORESCP',
    attributes: options.attributes,
    async store({ part10, attributes: known }) {
      attributes = known;
      const write = (batch: readonly Buffer[]) => {
        assert.ok(batch.length > 0);
        written.push(...batch.map((view) => Buffer.from(view)));
      };
      if (how === 'forEach') await forEachBatch(part10, write);
      else for await (const batch of part10) write(batch);
    },
  });
  const message: CStoreRq = {
    type: 'C-STORE-RQ',
    messageId: 1,
    priority: PRIORITY.medium,
    affectedSopClassUid: sopClassUid,
    affectedSopInstanceUid: sopInstanceUid,
  };
  try {
    const response = await provider.handle({
      association: silent(options.callingAeTitle ?? 'PEER'),
      context: { id: 1, abstractSyntax, transferSyntax: transferSyntaxUid },
      message,
      dataSet: wipedBatches(views),
      signal: new AbortController().signal,
    });
    const status = 'status' in response ? response.status : -1;
    return { status, comment: '', file: Buffer.concat(written), attributes };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { status: error.status, comment: error.message, file: Buffer.concat(written), attributes };
  }
}

async function* wipedBatches(views: Iterable<Buffer>): AsyncGenerator<readonly Buffer[], void, void> {
  for (const view of views) {
    const copy = Buffer.from(view);
    yield [copy];
    copy.fill(0xee);
  }
}

/** An association over which nothing is said. */
function silent(callingAeTitle: string): AssociationHandle {
  const nothing = () => Promise.reject(new Error('a storage provider asks for nothing'));
  return {
    id: 1,
    remote: 'nowhere',
    callingAeTitle,
    calledAeTitle: 'STORESCP',
    user: undefined,
    contexts: [],
    maxOperationsInvoked: 1,
    closed: Promise.resolve(),
    failure: undefined,
    signal: new AbortController().signal,
    request: nothing,
    release: nothing,
    abort: nothing,
    [Symbol.asyncDispose]: nothing,
  };
}
