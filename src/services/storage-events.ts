/** What a storage provider has stored, and which associations and studies have ended, as events for one consumer. */
import { dirname } from 'node:path';
import { AttendedQueue } from '../base/attended-queue.js';
import { type Batches, forEachBatch } from '../base/batch-queue.js';
import { UsageError } from '../base/errors.js';
import type { Uid } from '../base/identifiers.js';
import type { CapturedAttribute } from '../dataset/attribute-capture.js';
import { STATUS } from '../dimse/status.js';
import { Alarm } from '../net/alarm.js';
import type { AssociationHandle } from '../net/association-handle.js';
import type { AssociationTrace } from '../net/trace.js';
import { type AssociationAccount, AssociationAccounts, type AssociationFacts } from './association-accounts.js';
import { EVENT_ATTRIBUTES, type FactsOfAttributes, factsOf, type TextDecoding } from './event-attributes.js';
import type { IncomingInstance, StoreInstance, StoreObserver } from './storage-provider.js';
import { type Study, StudyTracker } from './study-tracker.js';

/** An instance is stored, and not acknowledged yet. */
export interface InstanceStored extends FactsOfAttributes {
  readonly type: 'stored';
  readonly time: Date;
  /** Of its file, absolute, if the sink tells. */
  readonly path: string | undefined;
  readonly sopClassUid: Uid;
  readonly sopInstanceUid: Uid;
  readonly transferSyntaxUid: string;
  /** As in traces: counts from 1 in a process. */
  readonly association: number;
  /** `host:port` of the peer. */
  readonly remote: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** Of the file, file meta information included. */
  readonly bytes: number;
  /** From when its request was begun with. */
  readonly ms: number;
  /** What the peer will be told. */
  readonly status: number;
  /** As `IncomingInstance.attributes`: those that the events, the sink and `StorageEventsOptions.attributes` ask for. */
  readonly attributes: ReadonlyMap<number, CapturedAttribute>;
}

/** An association was released or aborted, or was rejected; comes after all that was stored on it. */
export interface AssociationEnded extends AssociationFacts {
  readonly type: 'association-ended';
  readonly time: Date;
  /** Associations before it that have no event, since more than 1,000 such events waited for the consumer. */
  readonly missed: number;
}

/** A study of which nothing has come for a while. If more comes it begins anew, and ends once more. */
export interface StudyEnded extends Study {
  readonly type: 'study-ended';
  readonly time: Date;
}

/** Whatever `StorageEvents` tells of, by its `type`. */
export type StorageEvent = InstanceStored | AssociationEnded | StudyEnded;

/** When a study has ended, and what is to be known of each instance. */
export interface StorageEventsOptions {
  /** A study has ended when nothing of it was stored for so long, over whatever associations; 0 is never. Default 60,000. */
  readonly studyTimeoutMs?: number | undefined;
  /** Reads the texts of a data set. Default: UTF-8 where Specific Character Set says so, Latin-1 elsewhere. Must not throw. */
  readonly decodeText?: TextDecoding | undefined;
  /** Tags of more attributes that the consumer wants to know of instances, as in `StorageProviderOptions`. Default none. */
  readonly attributes?: readonly number[] | undefined;
}

/** Associations that end while the consumer is busy; nobody can be made to wait for these. */
const MAX_WAITING_ENDS = 1000;
/** Studies, series and AE titles, the longer ones as several: some fifteen megabytes, whoever chooses the texts. */
const MAX_REMEMBERED = 50_000;

/**
 * The events of a server: give it to `storageProvider` as `events` and its `trace` to `serve`, read it with one `for await`, and
 * call `end` when the server has ended.
 *
 * **Success waits for the consumer**: an instance is acknowledged when the loop over the events asks for what comes after
 * the instance's event. So whatever the loop does with an event is done for everything that a peer was told is stored, a slow consumer
 * slows the peers down, and nothing piles up: as many events of instances wait as there are requests at work. A consumer that
 * leaves its loop keeps nobody waiting. Until one has begun, no instance is acknowledged.
 */
export class StorageEvents implements AsyncIterable<StorageEvent>, StoreObserver {
  readonly #queue = new AttendedQueue<StorageEvent>(MAX_WAITING_ENDS);
  readonly #studies: StudyTracker;
  readonly #accounts = new AssociationAccounts((facts) => this.#onAssociationEnd(facts));
  readonly #alarm = new Alarm(() => void this.#endSilentStudies());
  readonly #decodeText: TextDecoding | undefined;
  /** The tags of the attributes that the events are made of. */
  readonly attributes: readonly number[];
  #missed = 0;

  constructor({ studyTimeoutMs = 60_000, decodeText, attributes = [] }: StorageEventsOptions = {}) {
    if (!(studyTimeoutMs >= 0)) throw new UsageError(`studyTimeoutMs: ${studyTimeoutMs} is not a number from 0 up`);
    this.#studies = new StudyTracker({ silenceMs: studyTimeoutMs, maxRemembered: MAX_REMEMBERED });
    this.#decodeText = decodeText;
    this.attributes = [...EVENT_ATTRIBUTES, ...attributes];
  }

  /** For `serve`: tells of associations. Without it there are no events of these. */
  readonly trace = (trace: AssociationTrace): void => this.#accounts.tell(trace);

  /** For `storageProvider`: what `store` does, and its event. Resolves when the consumer is done with that. */
  async storing(association: AssociationHandle, instance: IncomingInstance, store: StoreInstance): Promise<void> {
    const account = this.#accounts.of(association.id);
    account?.begin();
    try {
      await this.#store(association, instance, { store, account });
    } finally {
      account?.finish();
    }
  }

  /** Studies that have come in so far end, and with them the consumer's loop. */
  end(): void {
    this.#alarm.stop();
    for (const study of this.#studies.takeAll()) void this.#queue.deliver(studyEnded(study));
    this.#queue.end();
  }

  /** For one consumer; the event before is done with when the next is asked for. */
  [Symbol.asyncIterator](): AsyncGenerator<StorageEvent, void, void> {
    return this.#queue[Symbol.asyncIterator]();
  }

  async #store(
    association: AssociationHandle,
    instance: IncomingInstance,
    { store, account }: { readonly store: StoreInstance; readonly account: AssociationAccount | undefined },
  ): Promise<void> {
    const begun = performance.now();
    const part10 = new Counted(instance.part10);
    const stored = await store({ ...instance, part10 });
    account?.stored(part10.bytes);
    const { sopClassUid, sopInstanceUid, transferSyntaxUid, callingAeTitle, calledAeTitle, remote } = instance;
    const now = performance.now();
    await this.#tell(
      {
        type: 'stored',
        time: new Date(),
        path: stored ? stored.path : undefined,
        sopClassUid,
        sopInstanceUid,
        ...factsOf(instance.attributes, this.#decodeText),
        transferSyntaxUid,
        association: association.id,
        remote,
        callingAeTitle,
        calledAeTitle,
        bytes: part10.bytes,
        ms: Math.round(now - begun),
        status: STATUS.success,
        attributes: instance.attributes,
      },
      now,
    );
  }

  async #tell(event: InstanceStored, nowMs: number): Promise<void> {
    const told = [this.#queue.deliver(event)];
    const { studyInstanceUid, path } = event;
    if (studyInstanceUid !== undefined) {
      const directory = path === undefined ? undefined : dirname(path);
      for (const study of this.#studies.add({ ...event, studyInstanceUid, directory }, nowMs))
        told.push(this.#queue.deliver(studyEnded(study)));
      this.#setAlarm(nowMs);
    }
    await Promise.all(told);
  }

  /** While the consumer has not come to these, no more studies are taken out of the tracker, which has a bound. */
  async #endSilentStudies(): Promise<void> {
    const silent = this.#studies.takeSilent(performance.now());
    await Promise.all(silent.map((study) => this.#queue.deliver(studyEnded(study))));
    this.#setAlarm(performance.now());
  }

  #setAlarm(nowMs: number): void {
    const { nextEndMs } = this.#studies;
    if (nextEndMs !== undefined && this.#queue.isOpen) this.#alarm.setIn(nextEndMs - nowMs);
  }

  #onAssociationEnd(facts: AssociationFacts): void {
    const event = { type: 'association-ended', time: new Date(), ...facts, missed: this.#missed } as const;
    if (this.#queue.offer(event)) this.#missed = 0;
    else this.#missed++;
  }
}

function studyEnded(study: Study): StudyEnded {
  return { type: 'study-ended', time: new Date(), ...study };
}

/** Passes batches on and counts their bytes. */
class Counted implements Batches {
  readonly #batches: Batches;
  bytes = 0;

  constructor(batches: Batches) {
    this.#batches = batches;
  }

  forEach(consume: (batch: readonly Buffer[]) => void | Promise<void>): Promise<void> {
    return forEachBatch(this.#batches, (batch) => {
      this.#count(batch);
      return consume(batch);
    });
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<readonly Buffer[], void, void> {
    for await (const batch of this.#batches) {
      this.#count(batch);
      yield batch;
    }
  }

  #count(batch: readonly Buffer[]): void {
    for (const { length } of batch) this.bytes += length;
  }
}
