#!/usr/bin/env node
/** storescp: receives DICOM instances and stores them as files. */
import { runApplication } from './application.js';
import { STORESCP } from './storescp-options.js';

await runApplication(
  STORESCP,
  (options) => options,
  async () => (await import('./storescp-run.js')).run,
);
