/** Part of the build: writes what is made from the tables of options, the manual pages and the schemas of config files. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STORESCP } from '../src/cli/storescp-options.js';
import { STORESCU } from '../src/cli/storescu-options.js';
import { projectRoot } from '../test/support/paths.js';
import { configSchema } from './config-schema.js';
import { manPage } from './man-page.js';
import { recordSchema } from './record-schema.js';

const manuals = join(projectRoot, 'man');
const schemas = join(projectRoot, 'schema');
for (const folder of [manuals, schemas]) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
}
for (const application of [STORESCU, STORESCP]) {
  writeFileSync(join(manuals, `${application.name}.1`), manPage(application, dateOfBuild()));
  const schema = `${JSON.stringify(configSchema(application), undefined, 2)}\n`;
  writeFileSync(join(schemas, `${application.name}.schema.json`), schema);
}

writeFileSync(join(schemas, 'record.schema.json'), `${JSON.stringify(recordSchema(), undefined, 2)}\n`);

/** Today, or the day that a reproducible build is to be of, in seconds since 1970. */
function dateOfBuild(): string {
  const epoch = process.env.SOURCE_DATE_EPOCH;
  const date = epoch === undefined ? new Date() : new Date(Number(epoch) * 1000);
  return date.toISOString().slice(0, 10);
}
