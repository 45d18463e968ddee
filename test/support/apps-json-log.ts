/** Logs of the applications in JSON, read back. */
import assert from 'node:assert/strict';
import { LOG_FIELDS } from '../../src/cli/log-fields.js';
import { printable } from '../../src/index.js';

/** A line of the log; which fields it has depends on what it is about. */
export interface JsonLine {
  readonly time: string;
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly event?: string;
  readonly [field: string]: unknown;
}

const FIRST = ['time', 'level', 'logger', 'message'];

/** Every line of `log`, each of which must be one object of documented fields, with nothing that a terminal obeys. */
export function jsonLines(log: string): readonly JsonLine[] {
  assert.ok(log === '' || log.endsWith('\n'), log);
  return log
    .split('\n')
    .slice(0, -1)
    .map((text) => {
      assert.equal(text, printable(text));
      const line: JsonLine = JSON.parse(text);
      assert.deepEqual(Object.keys(line).slice(0, FIRST.length), FIRST);
      assert.equal(new Date(line.time).toISOString(), line.time);
      const names: readonly string[] = Object.keys(LOG_FIELDS);
      for (const [name, value] of Object.entries(line).slice(FIRST.length)) {
        assert.ok(names.includes(name), `${name} is no field of a log: ${text}`);
        assert.match(typeof value, /^(string|number)$/, text);
      }
      return line;
    });
}

/** Some fields of a line. */
export function pick(line: JsonLine | undefined, names: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name) => [name, line?.[name]]));
}
