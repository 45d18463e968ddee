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
import type { InstanceFile } from '../../../src/file/instance-file.js';
import { chooseContext, planAssociations } from '../../../src/services/plan.js';

const ILE = IMPLICIT_VR_LITTLE_ENDIAN.uid;
const ELE = EXPLICIT_VR_LITTLE_ENDIAN.uid;
const EBE = EXPLICIT_VR_BIG_ENDIAN.uid;
const DEFLATED = DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN.uid;
const JPEG = '1.2.840.10008.1.2.4.50';
const RLE = '1.2.840.10008.1.2.5';
const PRIVATE = '1.2.3.4.5.6';
const NATIVE = [ILE, ELE, EBE];
const SYNTAXES = [...NATIVE, DEFLATED, JPEG, RLE, PRIVATE];
const VERIFICATION: WantedContext = { abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: [ILE] };

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
    needsRewrite: false,
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
});

const keyOf = ({ abstractSyntax, transferSyntaxes }: WantedContext): string =>
  [abstractSyntax, ...transferSyntaxes].join(' ');

test('every instance is in exactly one plan, in the order given, and no plan has more contexts than fit', () => {
  fc.assert(
    fc.property(anyInstances, anyProposal, fc.boolean(), (instances, proposal, verifies) => {
      const plans = planAssociations(instances, proposal, verifies ? [VERIFICATION] : []);
      const planned = plans.flatMap((plan) => plan.instances);
      assert.equal(planned.length, instances.length);
      assert.deepEqual(new Set(planned), new Set(instances));
      for (const { contexts, instances: own } of plans) {
        assert.ok(contexts.length > 0 && contexts.length <= MAX_PRESENTATION_CONTEXTS);
        assert.equal(new Set(contexts.map(keyOf)).size, contexts.length, 'no context twice');
        const places = own.map((instance) => instances.indexOf(instance));
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
        );
        if (verifies) assert.equal(contexts[0], VERIFICATION);
      }
    }),
    { numRuns: 40 },
  );
});

test('a plan proposes what its instances can go out in, and nothing that none of them needs', () => {
  fc.assert(
    fc.property(anyInstances, anyProposal, (instances, proposal) => {
      for (const { contexts, instances: own } of planAssociations(instances, proposal)) {
        for (const instance of own) {
          const mine = contexts.filter(({ abstractSyntax }) => abstractSyntax === instance.sopClassUid);
          assert.ok(mine.length > 0);
          const { transferSyntax: from, transferSyntaxUid } = instance;
          const goesOut = mine.some(({ transferSyntaxes }) =>
            transferSyntaxes.some((uid) => {
              const to = transferSyntax(uid);
              return uid === transferSyntaxUid || (from !== undefined && to !== undefined && canConvert(from, to));
            }),
          );
          assert.ok(goesOut, `${transferSyntaxUid} in ${JSON.stringify(mine)}`);
          if (proposal.proposeOwn)
            assert.ok(mine.some(({ transferSyntaxes }) => transferSyntaxes.join() === transferSyntaxUid));
        }
        for (const { abstractSyntax, transferSyntaxes } of contexts)
          assert.ok(
            own.some(
              (instance) =>
                instance.sopClassUid === abstractSyntax &&
                (transferSyntaxes.join() === proposal.transferSyntaxes.join() ||
                  transferSyntaxes.join() === instance.transferSyntaxUid),
            ),
          );
      }
    }),
    { numRuns: 40 },
  );
});

test('plans are not opened without need: 128 classes fit one, one more takes another', () => {
  const classes = Array.from({ length: 128 }, (_, index) => instanceOf(`1.2.${index}`, ELE));
  const proposal = { transferSyntaxes: [ILE], proposeOwn: false, decompress: false };
  const shape = (instances: readonly InstanceFile[], always: readonly WantedContext[] = []): readonly string[] =>
    planAssociations(instances, proposal, always).map((plan) => `${plan.contexts.length}/${plan.instances.length}`);
  assert.deepEqual(shape([...classes, ...classes]), ['128/256']);
  assert.deepEqual(shape([...classes, instanceOf('1.3', ELE), ...classes]), ['128/256', '1/1']);
  assert.deepEqual(shape(classes, [VERIFICATION]), ['128/127', '2/1']);
  assert.deepEqual(shape([]), []);
  assert.deepEqual(shape([], [VERIFICATION]), ['1/0']);
});

test('what is proposed for one instance', () => {
  const contexts = (uid: string, proposeOwn: boolean): readonly (readonly string[])[] =>
    planAssociations([instanceOf('1.2', uid)], { transferSyntaxes: [ELE, ILE], proposeOwn, decompress: false }).flatMap(
      (plan) => plan.contexts.map(({ transferSyntaxes }) => transferSyntaxes),
    );
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
