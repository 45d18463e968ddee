#!/usr/bin/env node
/** storescu: sends DICOM files to a peer. */
import { runApplication } from './application.js';
import { STORESCU } from './storescu-options.js';

void runApplication(
  STORESCU,
  (options) => options,
  async () => (await import('./storescu-run.js')).run,
);
