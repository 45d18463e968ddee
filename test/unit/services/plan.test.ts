/** Laws of planning: every instance is planned once, fits its association, and goes out in a context it can go out in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AcceptedContext } from '../../../src/acse/negotiate.js';
import { MAX_PRESENTATION_CONTEXTS, type WantedContext } from '../../../src/acse/propose.js';
import { canConvert } from '../../../src/dataset/transcode.js';
import {
  DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
  EXPLICIT_VR_BIG_ENDIAN,
  EXPLICIT_VR_LITTLE_ENDIAN,
  IMPLICIT_VR_LITTLE_ENDIAN,
  transferSyntax,
} from '../../../src/dataset/transfer-syntax.js';
import { VERIFICATION_SOP_CLASS } from '../../../src/dictionary/sop-classes.js';
import type { InstanceFile } from '../../../src/file/instance-file.js';
import type { Look } from '../../../src/services/input-files.js';
import { LookAhead } from '../../../src/services/look-ahead.js';
import { chooseContext, contextsFor, type Proposal, planContexts } from '../../../src/services/plan.js';

const ILE = IMPLICIT_VR_LITTLE_ENDIAN.uid;
const ELE = EXPLICIT_VR_LITTLE_ENDIAN.uid;
const EBE = EXPLICIT_VR_BIG_ENDIAN.uid;
const DEFLATED = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid;
const JPEG = '1.2.840.10008.1.2.4.50';
const RLE = '1.2.840.10008.1.2.5';
const PRIVATE = '1.2.3.4.5.6';
const NATIVE = [ILE, ELE, EBE];
const SYNTAXES = [...NATIVE, DEFLATED, JPEG, RLE, PRIVATE];

function instanceOf(sopClassUid: string, transferSyntaxUid: string, path = 'x'): InstanceFile {
  return {
    path,
    sopClassUid,
    sopInstanceUid: '1.2.3',
    transferSyntaxUid,
    transferSyntax: transferSyntax(transferSyntaxUid),
    dataSetOffset: 0,
    size: 0,
    modifiedMs: 0,
    changedMs: 0,
    inode: 1,
    needsRewrite: false,
    movesFragments: false,
    warnings: [],
  };
}

const anyInstance = fc
  .record({ sopClass: fc.integer({ min: 0, max: 400 }), syntax: fc.constantFrom(...SYNTAXES) })
  .map(({ sopClass, syntax }) => instanceOf(`1.2.${sopClass}`, syntax));
const anyInstances = fc.array(anyInstance, { maxLength: 600, size: 'max' });
const anyProposal = fc.record({
  transferSyntaxes: fc.shuffledSubarray(NATIVE, { minLength: 1 }),
  proposeOwn: fc.boolean(),
  decompress: fc.constant(false),
  verify: fc.boolean(),
});

const keyOf = ({ abstractSyntax, transferSyntaxes }: WantedContext): string =>
  [abstractSyntax, ...transferSyntaxes].join(' ');

interface Plan {
  readonly contexts: readonly WantedContext[];
  readonly instances: readonly InstanceFile[];
}

/** The associations that a peer which accepts everything would see, looking ahead over `capacity` files. */
async function plansFor(instances: readonly InstanceFile[], proposal: Proposal, capacity?: number): Promise<Plan[]> {
  async function* walk(): AsyncGenerator<readonly Look[], void, void> {
    yield instances.map((instance) => () => ({ path: instance.path, isNamed: false, instance }));
  }
  const files = new LookAhead(walk(), capacity === undefined ? {} : { capacity });
  const plans: Plan[] = [];
  let usual: readonly WantedContext[] = [];
  while ((await files.peek()) !== undefined) {
    await files.filled();
    const plan = planContexts(files, proposal, usual);
    const own: InstanceFile[] = [];
    for (;;) {
      const file = await files.take((each) => 'instance' in each && plan.covers(contextsFor(each.instance, proposal)));
      if (file === undefined) break;
      if ('instance' in file) own.push(file.instance);
    }
    usual = plan.contexts;
    plans.push({ contexts: plan.contexts, instances: own });
  }
  return plans;
}

test('every instance is in exactly one plan, in the order given, and no plan has more contexts than fit', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyInstances,
      anyProposal,
      fc.integer({ min: 1, max: 700 }),
      async (instances, proposal, capacity) => {
        const plans = await plansFor(instances, proposal, capacity);
        const planned = plans.flatMap((plan) => plan.instances);
        assert.equal(planned.length, instances.length);
        assert.deepEqual(new Set(planned), new Set(instances));
        for (const { contexts, instances: own } of plans) {
          assert.ok(own.length > 0);
          assert.ok(contexts.length > 0 && contexts.length <= MAX_PRESENTATION_CONTEXTS);
          assert.equal(new Set(contexts.map(keyOf)).size, contexts.length, 'no context twice');
          const places = own.map((instance) => instances.indexOf(instance));
          assert.deepEqual(
            places,
            places.toSorted((a, b) => a - b),
          );
          if (proposal.verify) assert.equal(contexts[0]?.abstractSyntax, VERIFICATION_SOP_CLASS);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a plan made when all is known proposes what its instances can go out in, and nothing that none of them needs', async () => {
  await fc.assert(
    fc.asyncProperty(anyInstances, anyProposal, async (instances, proposal) => {
      for (const { contexts, instances: own } of await plansFor(instances, { ...proposal, verify: false })) {
        const needed = new Set(own.flatMap((instance) => contextsFor(instance, proposal)).map(keyOf));
        assert.deepEqual(new Set(contexts.map(keyOf)), needed);
        for (const instance of own) assertGoesOut(instance, contexts, proposal);
      }
    }),
    { numRuns: 40 },
  );
});

function assertGoesOut(instance: InstanceFile, contexts: readonly WantedContext[], { proposeOwn }: Proposal): void {
  const mine = contexts.filter(({ abstractSyntax }) => abstractSyntax === instance.sopClassUid);
  const { transferSyntax: from, transferSyntaxUid } = instance;
  const isUsable = (uid: string): boolean => {
    const to = transferSyntax(uid);
    return uid === transferSyntaxUid || (from !== undefined && to !== undefined && canConvert(from, to));
  };
  const goesOut = mine.some(({ transferSyntaxes }) => transferSyntaxes.some(isUsable));
  assert.ok(goesOut, `${transferSyntaxUid} in ${JSON.stringify(mine)}`);
  if (proposeOwn) assert.ok(mine.some(({ transferSyntaxes }) => transferSyntaxes.join() === transferSyntaxUid));
}

test('plans are not opened without need: 128 classes fit one, one more takes another', async () => {
  const classes = Array.from({ length: 128 }, (_, index) => instanceOf(`1.2.${index}`, ELE));
  const proposal = { transferSyntaxes: [ILE], proposeOwn: false, decompress: false, verify: false };
  const shape = async (instances: readonly InstanceFile[], verify = false): Promise<readonly string[]> => {
    const plans = await plansFor(instances, { ...proposal, verify });
    return plans.map((plan) => `${plan.contexts.length}/${plan.instances.length}`);
  };
  assert.deepEqual(await shape([...classes, ...classes]), ['128/256']);
  assert.deepEqual(await shape([...classes, instanceOf('1.3', ELE), ...classes]), ['128/256', '1/1']);
  assert.deepEqual(await shape(classes, true), ['128/127', '2/1']);
  assert.deepEqual(await shape([]), []);
});

test('a kind of file that comes up again after the look-ahead needs no association of its own', async () => {
  const block = (uid: string): readonly InstanceFile[] => Array.from({ length: 50 }, () => instanceOf(uid, ELE));
  const [ct, mr] = [block('1.2.1'), block('1.2.2')];
  const proposal = { transferSyntaxes: [ILE], proposeOwn: false, decompress: false, verify: false };
  const plans = await plansFor([...ct, ...mr, ...ct, ...mr], proposal, 10);
  assert.deepEqual(
    plans.map(({ contexts, instances }) => [contexts.length, instances.length]),
    [
      [1, 50],
      [2, 150],
    ],
  );
});

test('what is proposed for one instance', () => {
  const contexts = (uid: string, proposeOwn: boolean): readonly (readonly string[])[] =>
    contextsFor(instanceOf('1.2', uid), {
      transferSyntaxes: [ELE, ILE],
      proposeOwn,
      decompress: false,
      verify: false,
    }).map(({ transferSyntaxes }) => transferSyntaxes);
  for (const uid of NATIVE) {
    assert.deepEqual(contexts(uid, false), [[ELE, ILE]]);
    assert.deepEqual(contexts(uid, true), [[uid], [ELE, ILE]]);
  }
  for (const proposeOwn of [false, true]) {
    assert.deepEqual(contexts(DEFLATED, proposeOwn), [[DEFLATED], [ELE, ILE]]);
    for (const uid of [JPEG, RLE, PRIVATE]) assert.deepEqual(contexts(uid, proposeOwn), [[uid]]);
  }
});

const anyContexts = fc
  .array(fc.record({ sopClass: fc.integer({ min: 0, max: 3 }), syntax: fc.constantFrom(...SYNTAXES) }), {
    maxLength: 12,
  })
  .map((all) =>
    all.map(
      ({ sopClass, syntax }, index): AcceptedContext => ({
        id: 2 * index + 1,
        abstractSyntax: `1.2.${sopClass}`,
        transferSyntax: syntax,
      }),
    ),
  );
const fewInstances = fc
  .record({ sopClass: fc.integer({ min: 0, max: 3 }), syntax: fc.constantFrom(...SYNTAXES) })
  .map(({ sopClass, syntax }) => instanceOf(`1.2.${sopClass}`, syntax));

test('the context chosen is of the class, in the own syntax if there is one, else convertible; none only if none is', () => {
  fc.assert(
    fc.property(fewInstances, anyContexts, (instance, accepted) => {
      const chosen = chooseContext(instance, accepted, { decompress: false });
      const mine = accepted.filter(({ abstractSyntax }) => abstractSyntax === instance.sopClassUid);
      const { transferSyntax: from, transferSyntaxUid } = instance;
      const isUsable = ({ transferSyntax: uid }: AcceptedContext): boolean => {
        const to = transferSyntax(uid);
        return uid === transferSyntaxUid || (from !== undefined && to !== undefined && canConvert(from, to));
      };
      if (chosen === undefined) {
        assert.equal(mine.some(isUsable), false);
        return;
      }
      assert.ok(mine.includes(chosen) && isUsable(chosen));
      if (mine.some(({ transferSyntax: uid }) => uid === transferSyntaxUid))
        assert.equal(chosen.transferSyntax, transferSyntaxUid);
    }),
    { numRuns: 500 },
  );
});

test('the order of conversion keeps what it can: explicit before implicit, native before deflated', () => {
  const accepted = [DEFLATED, ILE, EBE, ELE].map((uid, index) => ({
    id: 2 * index + 1,
    abstractSyntax: '1.2',
    transferSyntax: uid,
  }));
  const chosen = (own: string, without: readonly string[], decompress = true): string | undefined =>
    chooseContext(
      instanceOf('1.2', own),
      accepted.filter(({ transferSyntax: uid }) => !without.includes(uid)),
      { decompress },
    )?.transferSyntax;
  assert.equal(chosen(ILE, [ILE]), ELE);
  assert.equal(chosen(ILE, [ILE, ELE]), EBE);
  assert.equal(chosen(EBE, [EBE, ELE]), ILE);
  assert.equal(chosen(EBE, [EBE, ELE, ILE]), DEFLATED);
  assert.equal(chosen(JPEG, []), ELE);
  assert.equal(chosen(JPEG, [], false), undefined);
  assert.equal(chosen(PRIVATE, []), undefined);
});
