/** Which studies are coming in, and when one has ended: a clock is what the caller says it is. */
import { sep } from 'node:path';

/** An instance, as far as it counts for its study. */
export interface InstanceOfStudy {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string | undefined;
  readonly patientId: string | undefined;
  readonly callingAeTitle: string;
  readonly bytes: number;
  /** Of its file, if it has one. */
  readonly directory: string | undefined;
  readonly time: Date;
}

/** Why a study counts as ended: silence, the end of the server, or room that younger ones needed. */
export type StudyEnd = 'silence' | 'stop' | 'limit';

/** What has come of a study. */
export interface Study {
  readonly studyInstanceUid: string;
  /** The first that was met. */
  readonly patientId: string | undefined;
  /** Stored instances; one that came again counts again. */
  readonly instances: number;
  readonly series: number;
  readonly bytes: number;
  readonly first: Date;
  readonly last: Date;
  readonly callingAeTitles: readonly string[];
  /** The innermost directory that all its files are in, or below. */
  readonly directory: string | undefined;
  readonly reason: StudyEnd;
}

export interface StudyTrackerOptions {
  /** A study without an instance for so long has ended; 0 is never. */
  readonly silenceMs: number;
  /**
   * Most studies, series and AE titles, all studies together: beyond that the study that was silent longest ends. Texts of a
   * study count once more for each further 64 characters.
   */
  readonly maxRemembered: number;
}

interface OpenStudy extends Omit<Study, 'series' | 'callingAeTitles' | 'reason'> {
  patientId: string | undefined;
  instances: number;
  bytes: number;
  last: Date;
  directory: string | undefined;
  readonly series: Set<string>;
  readonly callingAeTitles: Set<string>;
  lastMs: number;
  /** What its series and AE titles count for. */
  words: number;
}

/** As long as a UID or a Patient ID should be. */
const LENGTH = 64;

/** Times in milliseconds are of any clock that never goes back. */
export class StudyTracker {
  readonly #options: StudyTrackerOptions;
  /** The one that was silent longest comes first. */
  readonly #studies = new Map<string, OpenStudy>();
  #remembered = 0;

  constructor(options: StudyTrackerOptions) {
    this.#options = options;
  }

  /** When the next study ends unless more comes of it; undefined if none will. */
  get nextEndMs(): number | undefined {
    if (this.#options.silenceMs === 0) return undefined;
    for (const { lastMs } of this.#studies.values()) return lastMs + this.#options.silenceMs;
    return undefined;
  }

  /** @returns the studies that have ended to make room */
  add(instance: InstanceOfStudy, nowMs: number): readonly Study[] {
    const { studyInstanceUid, seriesInstanceUid, callingAeTitle } = instance;
    const known = this.#studies.get(studyInstanceUid);
    const study = known ?? begin(instance);
    // To the end of the map.
    this.#studies.delete(studyInstanceUid);
    this.#studies.set(studyInstanceUid, study);
    const before = known === undefined ? 0 : weightOf(known);
    study.lastMs = nowMs;
    study.last = instance.time;
    study.patientId ??= instance.patientId;
    study.instances++;
    study.bytes += instance.bytes;
    study.directory = commonDirectory(study.directory, instance.directory);
    if (seriesInstanceUid !== undefined) remember(study, study.series, seriesInstanceUid);
    remember(study, study.callingAeTitles, callingAeTitle);
    this.#remembered += weightOf(study) - before;
    return this.#take('limit', () => this.#remembered > this.#options.maxRemembered);
  }

  /** The studies that have been silent for long enough are no longer tracked. */
  takeSilent(nowMs: number): readonly Study[] {
    return this.#take('silence', () => (this.nextEndMs ?? Number.POSITIVE_INFINITY) <= nowMs);
  }

  takeAll(): readonly Study[] {
    return this.#take('stop', () => true);
  }

  #take(reason: StudyEnd, hasEnded: () => boolean): readonly Study[] {
    const ended: Study[] = [];
    for (const study of this.#studies.values()) {
      if (!hasEnded()) break;
      this.#studies.delete(study.studyInstanceUid);
      this.#remembered -= weightOf(study);
      const { lastMs: _, words: __, ...known } = study;
      ended.push({ ...known, series: study.series.size, callingAeTitles: [...study.callingAeTitles], reason });
    }
    return ended;
  }
}

function begin({ studyInstanceUid, patientId, directory, time }: InstanceOfStudy): OpenStudy {
  return {
    studyInstanceUid,
    patientId,
    instances: 0,
    series: new Set(),
    bytes: 0,
    first: time,
    last: time,
    callingAeTitles: new Set(),
    directory,
    lastMs: 0,
    words: 0,
  };
}

function remember(study: OpenStudy, known: Set<string>, word: string): void {
  if (known.has(word)) return;
  known.add(word);
  study.words += 1 + excess(word);
}

function weightOf({ studyInstanceUid, patientId = '', directory = '', words }: OpenStudy): number {
  return 1 + excess(studyInstanceUid) + excess(patientId) + excess(directory) + words;
}

function excess(text: string): number {
  return Math.max(Math.ceil(text.length / LENGTH) - 1, 0);
}

/** Undefined if one of them is, or they have nothing in common. */
function commonDirectory(one: string | undefined, other: string | undefined): string | undefined {
  if (one === other || one === undefined || other === undefined) return one === other ? one : undefined;
  const others = other.split(sep);
  const parts = one.split(sep);
  const differs = parts.findIndex((part, index) => part !== others[index]);
  const common = (differs === -1 ? parts : parts.slice(0, differs)).join(sep);
  return common === '' && parts[0] === '' ? sep : common || undefined;
}
