/** Which presentation contexts a set of instances needs, and in which of the accepted ones each goes out. */
import type { AcceptedContext } from '../acse/negotiate.js';
import { MAX_PRESENTATION_CONTEXTS, type WantedContext } from '../acse/propose.js';
import { canDecompress } from '../codecs/decompress.js';
import { canConvert } from '../dataset/transcode.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../dataset/transfer-syntax.js';
import type { InstanceFile } from '../file/instance-file.js';

/** What is proposed for each SOP class. */
export interface Proposal {
  /** Native transfer syntaxes for one context, in order of preference. */
  readonly transferSyntaxes: readonly string[];
  /** Propose each instance's own transfer syntax too, as a context before that one. */
  readonly proposeOwn: boolean;
  /** Propose the native ones for encapsulated instances that can be decompressed. */
  readonly decompress: boolean;
}

/** One association: what it proposes and what it is for. */
export interface AssociationPlan {
  readonly contexts: readonly WantedContext[];
  readonly instances: readonly InstanceFile[];
}

/**
 * Spreads the instances over as few associations as their contexts need, each in the order given.
 * @param always contexts that every association proposes first
 */
export function planAssociations(
  instances: readonly InstanceFile[],
  proposal: Proposal,
  always: readonly WantedContext[] = [],
): readonly AssociationPlan[] {
  const drafts: Draft[] = [];
  for (const instance of instances) {
    const wanted = contextsFor(instance, proposal);
    let draft = drafts.find((candidate) => candidate.hasRoomFor(wanted));
    if (draft === undefined) {
      draft = new Draft(always);
      drafts.push(draft);
    }
    draft.add(instance, wanted);
  }
  if (drafts.length === 0 && always.length > 0) drafts.push(new Draft(always));
  return drafts.map(({ contexts, instances: planned }) => ({ contexts: [...contexts.values()], instances: planned }));
}

class Draft {
  readonly contexts = new Map<string, WantedContext>();
  readonly instances: InstanceFile[] = [];

  constructor(always: readonly WantedContext[]) {
    for (const context of always) this.contexts.set(keyOf(context), context);
  }

  hasRoomFor(wanted: readonly WantedContext[]): boolean {
    const missing = wanted.filter((context) => !this.contexts.has(keyOf(context)));
    return this.contexts.size + missing.length <= MAX_PRESENTATION_CONTEXTS;
  }

  add(instance: InstanceFile, wanted: readonly WantedContext[]): void {
    this.instances.push(instance);
    for (const context of wanted) this.contexts.set(keyOf(context), context);
  }
}

function keyOf({ abstractSyntax, transferSyntaxes }: WantedContext): string {
  return [abstractSyntax, ...transferSyntaxes].join('\\');
}

/** A data set that cannot be made native has its own syntax or nothing; every other can fall back to a native one. */
function contextsFor(
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
