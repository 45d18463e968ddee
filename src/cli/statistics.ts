/** What a receiver has done, counted once from its traces: --stats, --summary and the metrics read it from here. */
import { type AssociationEvent, type AssociationTrace, describeStatus, isStorageSopClass } from '../index.js';

/** How an association that was asked for has ended. */
export const ENDINGS = ['released', 'rejected', 'abortedByPeer', 'abortedByUs', 'lost'] as const;
export type Ending = (typeof ENDINGS)[number];

/** Storage SOP classes that are not the standard's count together: a peer can name as many as it likes. */
export const OTHER_CLASSES = 'other';

/** C-STORE requests that were answered alike. */
export interface Stores {
  /** Of the standard, or `OTHER_CLASSES`. */
  readonly sopClassUid: string;
  readonly status: number;
  readonly isFailure: boolean;
  objects: number;
  /** Of their data sets, as they came. */
  bytes: number;
}

export interface Totals {
  readonly stored: number;
  readonly failed: number;
  /** Of all data sets of answered requests. */
  readonly bytes: number;
}

/** Is told what becomes of each, in seconds. */
export interface Durations {
  onStore(seconds: number): void;
  onAssociation(seconds: number): void;
}

export class Statistics {
  readonly endings: Record<Ending, number> = { released: 0, rejected: 0, abortedByPeer: 0, abortedByUs: 0, lost: 0 };
  echoes = 0;
  /** Connections that brought no association request but something wrong: bytes that are none, a failed TLS handshake. */
  failedConnections = 0;
  readonly #durations: Durations | undefined;
  /** When they were accepted, by their ids. */
  readonly #open = new Map<number, number>();
  readonly #stores = new Map<string, Map<number, Stores>>();

  constructor(durations?: Durations) {
    this.#durations = durations;
  }

  get openAssociations(): number {
    return this.#open.size;
  }

  /** Those that were asked for and have ended. */
  get associations(): number {
    return ENDINGS.reduce((sum, ending) => sum + this.endings[ending], 0);
  }

  get totals(): Totals {
    const totals = { stored: 0, failed: 0, bytes: 0 };
    for (const { isFailure, objects, bytes } of this.stores()) {
      totals[isFailure ? 'failed' : 'stored'] += objects;
      totals.bytes += bytes;
    }
    return totals;
  }

  *stores(): Generator<Stores, void, void> {
    for (const ofClass of this.#stores.values()) yield* ofClass.values();
  }

  tell({ id, event }: AssociationTrace): void {
    switch (event.type) {
      case 'associate-ac':
        this.#open.set(id, performance.now());
        break;
      case 'associate-rj':
        this.endings.rejected++;
        break;
      case 'released':
        this.#end(id, 'released');
        break;
      case 'aborted':
        this.#end(id, endingOf(event.by));
        break;
      case 'no-request':
        if (event.error !== undefined) this.failedConnections++;
        break;
      case 'answered':
        this.#onAnswered(event);
        break;
      default:
    }
  }

  #end(id: number, ending: Ending): void {
    this.endings[ending]++;
    const begunMs = this.#open.get(id);
    if (begunMs === undefined) return;
    this.#open.delete(id);
    this.#durations?.onAssociation((performance.now() - begunMs) / 1000);
  }

  #onAnswered({ request, response, dataSetBytes, ms }: Extract<AssociationEvent, { type: 'answered' }>): void {
    if (request.type === 'C-ECHO-RQ') this.echoes++;
    if (request.type !== 'C-STORE-RQ') return;
    const stores = this.#storesOf(request.affectedSopClassUid, response.status);
    stores.objects++;
    stores.bytes += dataSetBytes;
    this.#durations?.onStore(ms / 1000);
  }

  #storesOf(uid: string, status: number): Stores {
    const sopClassUid = isStorageSopClass(uid) ? uid : OTHER_CLASSES;
    let ofClass = this.#stores.get(sopClassUid);
    if (ofClass === undefined) {
      ofClass = new Map();
      this.#stores.set(sopClassUid, ofClass);
    }
    let stores = ofClass.get(status);
    if (stores === undefined) {
      const isFailure = describeStatus(status).category === 'failure';
      stores = { sopClassUid, status, isFailure, objects: 0, bytes: 0 };
      ofClass.set(status, stores);
    }
    return stores;
  }
}

function endingOf(by: Extract<AssociationEvent, { type: 'aborted' }>['by']): Ending {
  switch (by) {
    case 'peer':
      return 'abortedByPeer';
    case 'local':
    case 'provider':
      return 'abortedByUs';
    case 'transport':
      return 'lost';
    default:
      by satisfies never;
      return 'lost';
  }
}
