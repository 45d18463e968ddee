/** What has become of the files of a run: one line, and one for each kind of failure if there are several. */
import { NoPresentationContext, NotAnInstance, type StoreEvent, type StoreOutcome, statusLine } from '../index.js';
import type { Follower } from './follower.js';
import { bytesInWords, rateInWords, secondsInWords } from './quantities.js';

/** How many, by what they have in common. */
type Kinds = Map<string, number>;
/** A peer may have sixty thousand statuses. */
const MAX_KINDS = 10;

export class Summary implements Follower {
  readonly #now: () => number;
  readonly #begun: number;
  readonly #warnings: Kinds = new Map();
  readonly #failures: Kinds = new Map();
  #stored = 0;
  #converted = 0;
  #leftOut = 0;
  #unanswered = 0;
  #left = 0;
  /** What was not sent, if the run has ended early. */
  #notSent: string | undefined;
  #bytes = 0;

  /** @param now milliseconds of a clock that is never set */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#begun = now();
  }

  onOutcome(outcome: StoreOutcome): void {
    switch (outcome.type) {
      case 'stored':
        this.#stored++;
        if (outcome.status.category === 'warning') add(this.#warnings, statusLine(outcome.status.code));
        if (outcome.context.transferSyntax !== outcome.instance.transferSyntaxUid) this.#converted++;
        break;
      case 'refused':
        add(this.#failures, statusLine(outcome.status.code));
        break;
      case 'unanswered':
        this.#unanswered++;
        break;
      case 'not-sent':
        add(this.#failures, kindOf(outcome.error));
        break;
      case 'verified':
      case 'not-verified':
        break;
      default:
        outcome satisfies never;
    }
    if ('bytes' in outcome) this.#bytes += outcome.bytes;
  }

  onEvent(event: StoreEvent): void {
    if (event.type === 'left-out') this.#leftOut++;
    if (event.type !== 'left') return;
    this.#left = event.paths.length;
    this.#notSent = event.isAll ? `${this.#left}` : `at least ${this.#left}`;
  }

  /** Whether any file has got an outcome that is no success, or the run has ended in the midst of them. */
  get hasFailures(): boolean {
    return this.#unanswered > 0 || this.#failures.size > 0 || (this.#left > 0 && this.#stored > 0);
  }

  /**
   * `3 stored (1 converted), 2 failed (0xA700 - Failure: Out of Resources), 1.50 MB in 0.4 s (3.75 MB/s)`
   * @param isCutShort whether to say what has not been sent, or not been answered, even if that is nothing
   */
  describe({ isCutShort }: { readonly isCutShort: boolean }): readonly string[] {
    const ms = this.#now() - this.#begun;
    const unanswered = isCutShort || this.#unanswered > 0 ? [`${this.#unanswered} unanswered`] : [];
    const notSent = this.#notSent ?? (isCutShort ? '0' : undefined);
    const parts = [
      `${this.#stored} stored${this.#aboutStored()}`,
      `${sumOf(this.#failures)} failed${inBrackets(onlyOf(this.#failures))}`,
      ...unanswered,
      ...(notSent === undefined ? [] : [`${notSent} not sent`]),
      ...(this.#leftOut > 0 ? [`${this.#leftOut} stored before`] : []),
      `${bytesInWords(this.#bytes)} in ${secondsInWords(ms)} (${rateInWords(this.#bytes, ms)})`,
    ];
    return [
      parts.join(', '),
      ...listOf(this.#failures).map(([kind, number]) => `${number} failed: ${kind}`),
      ...listOf(this.#warnings).map(([kind, number]) => `${number} stored with ${kind}`),
    ];
  }

  #aboutStored(): string {
    const warned = sumOf(this.#warnings);
    const withWhat = onlyOf(this.#warnings)[0] ?? 'warnings';
    return inBrackets([
      ...(warned > 0 ? [`${warned} with ${withWhat}`] : []),
      ...(this.#converted > 0 ? [`${this.#converted} converted`] : []),
    ]);
  }
}

function add(kinds: Kinds, kind: string): void {
  kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
}

function sumOf(kinds: Kinds): number {
  return [...kinds.values()].reduce((sum, number) => sum + number, 0);
}

/** The kind, if there is but one: that is said in the line itself. */
function onlyOf(kinds: Kinds): readonly string[] {
  return kinds.size === 1 ? [...kinds.keys()] : [];
}

/** Several kinds, most frequent first, and no more than a screen holds. */
function listOf(kinds: Kinds): readonly (readonly [kind: string, number: number])[] {
  if (kinds.size < 2) return [];
  const all = [...kinds].sort(([, one], [, other]) => other - one);
  const rest = all.slice(MAX_KINDS).reduce((sum, [, number]) => sum + number, 0);
  return rest === 0 ? all : [...all.slice(0, MAX_KINDS), ['something else', rest]];
}

function inBrackets(words: Iterable<string>): string {
  const text = [...words].join(', ');
  return text === '' ? '' : ` (${text})`;
}

/** Why files could not be sent. */
function kindOf(error: Error): string {
  if (error instanceof NoPresentationContext) return 'no accepted presentation context';
  if (error instanceof NotAnInstance) return 'not a DICOM file to send';
  return 'unreadable or damaged';
}
