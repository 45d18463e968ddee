/** Users who send objects over an association of ours until they are told to stop, or the association is lost. */
import { type Association, bufferSource, type DataSetSource, requestAssociation } from '../../src/index.js';
import { CT_CONTEXT } from './loopback-peer.js';
import { CT_IMAGE } from './sample-instance.js';
import { dataSetOf, type Ledger } from './storing-objects.js';

export interface SenderOptions {
  readonly port: number;
  readonly ledger: Ledger;
  /** The UIDs are this and numbers from 1 up. */
  readonly root: string;
  /** Requests on their way at a time, as far as the peer grants it. */
  readonly window?: number;
  /** Whether to begin another object. Default: always. */
  readonly goesOn?: () => boolean;
  /** Each time that bytes of a data set are about to be sent. */
  readonly onBytes?: (bytes: number) => void;
  /** Each time that a response is there, after the ledger has it. */
  readonly onResponse?: (uid: string, status: number) => void;
}

/** Sends until `goesOn` says no, then releases; why that came to nothing, if it did: a lost association is no error here. */
export async function sendObjects(options: SenderOptions): Promise<Error | undefined> {
  const { port, root, window = 8, goesOn = () => true } = options;
  try {
    const association = await requestAssociation({
      host: '127.0.0.1',
      port,
      contexts: [CT_CONTEXT],
      maxOperationsInvoked: window,
    });
    const underWay = new Set<Promise<void>>();
    for (let number = 1; goesOn() && association.failure === undefined; number++) {
      const storing: Promise<void> = store(association, `${root}.${number}`, options)
        .catch(() => undefined)
        .finally(() => underWay.delete(storing));
      underWay.add(storing);
      if (underWay.size >= window) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    if (association.failure === undefined) await association.release();
    return association.failure;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

async function store(association: Association, uid: string, options: SenderOptions): Promise<void> {
  const { ledger, onBytes = () => undefined, onResponse } = options;
  ledger.sent.add(uid);
  const { status } = await association.request(
    (messageId) => ({
      type: 'C-STORE-RQ',
      messageId,
      priority: 0,
      affectedSopClassUid: CT_IMAGE,
      affectedSopInstanceUid: uid,
    }),
    { presentationContextId: 1, dataSet: counted(bufferSource(dataSetOf(uid)), onBytes) },
  );
  ledger.answered(uid, status);
  onResponse?.(uid, status);
}

/** Tells of the bytes before they go out. */
function counted(source: DataSetSource, onBytes: (bytes: number) => void): DataSetSource {
  return {
    async readInto(bodies) {
      const filled = await source.readInto(bodies);
      onBytes(filled.bytes);
      return filled;
    },
    close: () => source.close(),
  };
}
