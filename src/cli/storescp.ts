#!/usr/bin/env node
/** storescp: receives DICOM instances and stores them as files. */
import { runApplication } from './application.js';
import { STORESCP } from './storescp-options.js';

void runApplication(
  STORESCP,
  // Callers that are served by turns are not to wait for whoever reads the log.
  (options) => ({ ...options, mayMissLines: true }),
  async () => (await import('./storescp-run.js')).run,
);
