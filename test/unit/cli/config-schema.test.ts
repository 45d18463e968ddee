/** The schemas of the config files: right by the rules of JSON Schema, and of one mind with the reader. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { configSchema } from '../../../scripts/config-schema.js';
import { CommandLineError } from '../../../src/cli/command-line-error.js';
import { readConfigFile } from '../../../src/cli/config-file.js';
import { configKeys, valueForm } from '../../../src/cli/config-keys.js';
import { STORESCP } from '../../../src/cli/storescp-options.js';
import { STORESCU } from '../../../src/cli/storescu-options.js';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'netdicom-schema-'));
});
after(() => rmSync(folder, { recursive: true }));

/** Values of every kind, the limits of the tables among them. */
const value = fc.oneof(
  fc.boolean(),
  fc.integer({ min: -1, max: 6 }),
  fc.constantFrom(
    0.5,
    4095,
    4096,
    16_384,
    65_535,
    65_536,
    4_294_967_295,
    4_294_967_296,
    2_147_483,
    2_147_484,
    1e-9,
    1e300,
  ),
  fc.constantFrom('unlimited', 'debug', 'low', 'a', '', '7'),
  fc.constant(null),
  fc.array(fc.constantFrom<string | number>('a', '', 7), { maxLength: 2 }),
  fc.constant({}),
);

function hasText(content: unknown): boolean {
  return [content].flat().some((part) => typeof part === 'string');
}

for (const application of [STORESCU, STORESCP])
  describe(`the schema of ${application.name}`, () => {
    const keys = configKeys(application);
    const isValid = new Ajv({ strict: true, allowUnionTypes: true }).compile(configSchema(application));

    it('describes every key', () => {
      const { properties } = configSchema(application);
      assert.ok(typeof properties === 'object' && properties !== null);
      assert.deepEqual(Object.keys(properties), ['$schema', ...keys.keys()]);
    });

    it('takes a value exactly if the reader does, but for texts that only their parsers judge', () => {
      const path = join(folder, 'site.json');
      const isRead = (config: unknown): boolean => {
        writeFileSync(path, JSON.stringify(config));
        try {
          readConfigFile(application, path);
          return true;
        } catch (error) {
          assert.ok(error instanceof CommandLineError, String(error));
          return false;
        }
      };
      fc.assert(
        fc.property(fc.constantFrom(...keys.keys(), 'help', 'config'), value, (key, content) => {
          const row = keys.get(key);
          const isText = row !== undefined && valueForm(row).type === 'text' && hasText(content);
          const valid = isValid({ [key]: content });
          if (!isText || !valid) assert.equal(valid, isRead({ [key]: content }));
        }),
        { numRuns: 500 },
      );
      assert.equal(isValid([]), isRead([]));
    });

    it('takes the default of every option', () => {
      for (const [key, row] of keys)
        if ('default' in row && row.default !== undefined && row.default !== true) {
          const isNumber = valueForm(row).type === 'number' && row.default !== 'unlimited';
          assert.ok(isValid({ [key]: isNumber ? Number(row.default) : row.default }), key);
        }
    });
  });
