/** The log as JSON on standard error: one object a line, for programs that collect logs. */

import { jsonText } from './json-text.js';
import { type Level, type LogBackend, missingInWords, type OpenStandard, SEVERITY, waitingForReaders } from './log.js';
import type { LogFields } from './log-fields.js';

/** From `level` up; the logger is a field. */
export function jsonBackend(level: Level, open: OpenStandard = waitingForReaders): LogBackend {
  const write = open(2, (missing) =>
    jsonLine({ time: now(), level: 'warning', logger: 'netdicom.log', message: missingInWords(missing) }),
  );
  return {
    takesFields: true,
    sink: (logger) => ({
      threshold: SEVERITY[level],
      write(messageLevel, lines, fields) {
        const message = lines.join('\n').trimEnd();
        write(jsonLine({ time: now(), level: messageLevel, logger, message, ...fields }));
      },
    }),
    close: async () => undefined,
  };
}

function now(): string {
  return new Date().toISOString();
}

/** `record` as one line that holds nothing but printable characters, and reads back as it was. */
export function jsonLine(record: LogFields & Readonly<Record<string, unknown>>): string {
  return `${jsonText(record)}\n`;
}
