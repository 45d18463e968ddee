/** The names in a list, however it is cut into chunks. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { namesIn } from '../../../src/cli/files-from.js';

async function names(...chunks: readonly (string | Buffer)[]): Promise<(string | Buffer)[]> {
  async function* list(): AsyncGenerator<string | Buffer, void, void> {
    yield* chunks;
  }
  const all: (string | Buffer)[] = [];
  for await (const name of namesIn(list())) all.push(name);
  return all;
}

/** A list and its names. */
const LISTS: readonly (readonly [string, readonly string[]])[] = [
  ['', []],
  ['\n\n', []],
  ['a', ['a']],
  ['a\nb', ['a', 'b']],
  ['a\nb\n', ['a', 'b']],
  ['a\r\nb c\r\n\r\n d \n', ['a', 'b c', ' d ']],
  ['a\rb\n', ['a\rb']],
  ['\ufeffa\nb', ['a', 'b']],
  ['a\0', ['a']],
  ['a\0b\nc\0\0d\r\n\0', ['a', 'b\nc', 'd\r\n']],
  ['a\0b', ['a', 'b']],
  ['\0\na\0', ['\na']],
];

describe('a list of files', () => {
  for (const [list, expected] of LISTS)
    it(`${JSON.stringify(list)} names ${expected.length}`, async () => {
      assert.deepEqual(await names(list), expected);
      assert.deepEqual(await names(...[...Buffer.from(list)].map((byte) => Buffer.of(byte))), expected);
    });

  for (const [end, forbidden] of [
    ['\n', /[\n\r\0\ufeff]/g],
    ['\0', /[\0\ufeff]/g],
  ] as const)
    it(`gives back what was written with ${JSON.stringify(end)} after each name, cut anywhere`, async () => {
      const name = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.replace(forbidden, '-'));
      // A line feed in the first name would come before the first NUL.
      const all = fc.array(name, { minLength: 1 }).map(([first = '', ...rest]) => [first.replace(/\n/g, '-'), ...rest]);
      await fc.assert(
        fc.asyncProperty(all, fc.array(fc.nat(200)), async (written, cuts) => {
          const bytes = Buffer.from(written.map((each) => each + end).join(''));
          const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
          const chunks = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
          assert.deepEqual(await names(...chunks), written);
        }),
      );
    });

  it('gives bytes for a name that is no UTF-8', async () => {
    const latin = Buffer.from('J\xfcrgen', 'latin1');
    assert.deepEqual(await names(Buffer.concat([latin, Buffer.from('\nx\n')])), [latin, 'x']);
  });

  it('gives each name as soon as it has ended', async () => {
    let asked = 0;
    async function* list(): AsyncGenerator<string, void, void> {
      for (const chunk of ['a\nb', 'c\n']) {
        asked++;
        yield chunk;
      }
    }
    const iterator = namesIn(list());
    assert.equal((await iterator.next()).value, 'a');
    assert.equal(asked, 1);
    assert.equal((await iterator.next()).value, 'bc');
  });

  it('that is no list is not held in memory', async () => {
    await assert.rejects(names(Buffer.alloc(70_000, 0x61)), /^Error: a name has more than 65536 bytes$/);
    await assert.rejects(names('a\nb\0c\n'), /^Error: a NUL in a list of lines$/);
  });
});
