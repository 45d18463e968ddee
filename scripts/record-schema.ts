/** The JSON Schema of a record of `--report` and `--json`, made from the table of its fields. */
import { RECORD_FIELDS, RECORD_OUTCOMES } from '../src/cli/store-record.js';

export function recordSchema(): Readonly<Record<string, unknown>> {
  const types = Object.entries(RECORD_FIELDS).map(([name, type]) => [name, { type }] as const);
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'what storescu reports of a file',
    type: 'object',
    properties: { ...Object.fromEntries(types), outcome: { enum: RECORD_OUTCOMES } },
    required: ['path', 'outcome'],
    additionalProperties: false,
  };
}
