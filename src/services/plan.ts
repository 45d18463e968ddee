/** Which presentation contexts instances need, and in which of the accepted ones each goes out. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { contextKey, MAX_PRESENTATION_CONTEXTS, presentationContextIdAt, type WantedContext } from '../acse/propose.js';
import { canDecompress } from '../codecs/compression.js';
import { canConvert } from '../dataset/transcode.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../dataset/transfer-syntax.js';
import { VERIFICATION_SOP_CLASS } from '../dictionary/sop-classes.js';
import type { InstanceFile } from '../file/instance-file.js';
import type { ProposedPresentationContext } from '../pdu/types.js';
import type { LookAhead } from './look-ahead.js';

/** What is proposed for each SOP class. */
export interface Proposal {
  /** Native transfer syntaxes for one context, in order of preference. */
  readonly transferSyntaxes: readonly string[];
  /** Propose each instance's own transfer syntax too, as a context before that one. */
  readonly proposeOwn: boolean;
  /** Propose the native ones for encapsulated instances that can be decompressed. */
  readonly decompress: boolean;
  /** Propose Verification for a C-ECHO before the rest. */
  readonly verify: boolean;
}

/** What is proposed if the options leave it open. */
export function proposalOf(options: { readonly [Name in keyof Proposal]?: Proposal[Name] | undefined }): Proposal {
  const { transferSyntaxes = [IMPLICIT_VR_LITTLE_ENDIAN.uid], proposeOwn = false, decompress = true } = options;
  return { transferSyntaxes, proposeOwn, decompress, verify: options.verify ?? false };
}

/** The presentation contexts of an association to be, numbered in the order they were asked for, each once. */
export class ContextPlan {
  readonly #contexts = new Map<string, ProposedPresentationContext>();

  get contexts(): readonly ProposedPresentationContext[] {
    return [...this.#contexts.values()];
  }

  /** Adds those that are missing, unless that makes too many for one association: then none. */
  add(wanted: readonly WantedContext[]): void {
    const missing = wanted.filter((context) => !this.#contexts.has(contextKey(context)));
    if (this.#contexts.size + missing.length > MAX_PRESENTATION_CONTEXTS) return;
    for (const context of missing)
      this.#contexts.set(contextKey(context), { id: presentationContextIdAt(this.#contexts.size), ...context });
  }

  covers(wanted: readonly WantedContext[]): boolean {
    return wanted.every((context) => this.#contexts.has(contextKey(context)));
  }

  /** The id of a context; undefined if it is not in the plan. */
  idOf(context: WantedContext): number | undefined {
    return this.#contexts.get(contextKey(context))?.id;
  }
}

/**
 * What an association for the files that wait has to propose, as far as it has room.
 * @param usual of use before, and likely to be again while there are more files to come
 */
export function planContexts(
  { waiting, isComplete }: Pick<LookAhead, 'waiting' | 'isComplete'>,
  proposal: Proposal,
  usual: readonly WantedContext[] = [],
): ContextPlan {
  const plan = new ContextPlan();
  if (proposal.verify)
    plan.add([{ abstractSyntax: VERIFICATION_SOP_CLASS, transferSyntaxes: proposal.transferSyntaxes }]);
  const wanted = new PerKind((instance) => {
    const contexts = contextsFor(instance, proposal);
    plan.add(contexts);
    return contexts;
  });
  for (const file of waiting) if ('instance' in file) wanted.of(file.instance);
  if (!isComplete) for (const context of usual) plan.add([context]);
  return plan;
}

/** What is the same for all instances of a SOP class in a transfer syntax: found out once. */
export class PerKind<T> {
  readonly #find: (instance: InstanceFile) => T;
  /** By SOP class and transfer syntax. */
  readonly #known = new Map<string, Map<string, { readonly found: T }>>();
  /** Most are followed by others of their kind. */
  #last: { readonly sopClassUid: string; readonly transferSyntaxUid: string; readonly found: T } | undefined;

  constructor(find: (instance: InstanceFile) => T) {
    this.#find = find;
  }

  of(instance: InstanceFile): T {
    const { sopClassUid, transferSyntaxUid } = instance;
    const last = this.#last;
    if (last?.sopClassUid === sopClassUid && last.transferSyntaxUid === transferSyntaxUid) return last.found;
    const found = this.#lookUp(instance);
    this.#last = { sopClassUid, transferSyntaxUid, found };
    return found;
  }

  #lookUp(instance: InstanceFile): T {
    const { sopClassUid, transferSyntaxUid } = instance;
    const known = this.#known.get(sopClassUid)?.get(transferSyntaxUid);
    if (known !== undefined) return known.found;
    const found = this.#find(instance);
    const bySyntax = this.#known.get(sopClassUid) ?? new Map<string, { readonly found: T }>();
    this.#known.set(sopClassUid, bySyntax.set(transferSyntaxUid, { found }));
    return found;
  }
}

/**
 * The contexts that let an instance go out in its best form, best first. A data set that cannot be made native has its own
 * syntax or nothing; every other can fall back to a native one.
 */
export function contextsFor(
  instance: InstanceFile,
  { transferSyntaxes, proposeOwn, decompress }: Proposal,
): readonly WantedContext[] {
  const abstractSyntax = instance.sopClassUid;
  const own = { abstractSyntax, transferSyntaxes: [instance.transferSyntaxUid] };
  const native = { abstractSyntax, transferSyntaxes };
  const syntax = instance.transferSyntax;
  if (syntax === undefined) return [own];
  if (canConvert(syntax, IMPLICIT_VR_LITTLE_ENDIAN)) return proposeOwn || syntax.deflated ? [own, native] : [native];
  return decompress && canDecompress(syntax) ? [own, native] : [own];
}

/** What to convert to when the own syntax was not accepted: first what keeps the value representations. */
const CONVERSION_PREFERENCE: readonly string[] = [
  EXPLICIT_VR_LITTLE_ENDIAN.uid,
  EXPLICIT_VR_BIG_ENDIAN.uid,
  IMPLICIT_VR_LITTLE_ENDIAN.uid,
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid,
];

/** The accepted context in which `instance` goes out best: as it is, else rewritten; undefined if there is none. */
export function chooseContext(
  instance: InstanceFile,
  accepted: readonly AcceptedContext[],
  { decompress = true }: { readonly decompress?: boolean | undefined } = {},
): AcceptedContext | undefined {
  const fitting = accepted.filter(({ abstractSyntax }) => abstractSyntax === instance.sopClassUid);
  const own = fitting.find((context) => context.transferSyntax === instance.transferSyntaxUid);
  const from = instance.transferSyntax;
  if (own !== undefined || from === undefined) return own;
  for (const uid of CONVERSION_PREFERENCE) {
    const to = transferSyntax(uid);
    const context = fitting.find((candidate) => candidate.transferSyntax === uid);
    if (context === undefined || to === undefined) continue;
    if (canConvert(from, to) || (decompress && canDecompress(from))) return context;
  }
  return undefined;
}
