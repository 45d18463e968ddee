/**
 * Shares the files of a folder among as many associations, all requested at once, and prints the seconds each has taken
 * from its request to its release, as JSON. Run as: crowd-user.js PORT FOLDER ASSOCIATIONS
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  type InstanceFile,
  inspectInstance,
  requestAssociation,
  STATUS,
  storeInstance,
} from '../src/index.js';

const [port, folder = '.', count] = process.argv.slice(2);
const instances: InstanceFile[] = [];
for (const name of readdirSync(folder)) instances.push(await inspectInstance(join(folder, name)));
const share = instances.length / Number(count);
const shares = Array.from({ length: Number(count) }, (_, index) => instances.slice(index * share, (index + 1) * share));
console.log(JSON.stringify(await Promise.all(shares.map(send))));

async function send(files: readonly InstanceFile[]): Promise<number> {
  const begin = performance.now();
  const [{ sopClassUid } = { sopClassUid: '' }] = files;
  const association = await requestAssociation({
    host: '127.0.0.1',
    port: Number(port),
    contexts: [{ abstractSyntax: sopClassUid, transferSyntaxes: [EXPLICIT_VR_LITTLE_ENDIAN.uid] }],
  });
  for (const file of files) {
    const { status } = await storeInstance(association, file);
    if (status !== STATUS.success) throw new Error(`${file.path} was not stored`);
  }
  await association.release();
  return (performance.now() - begin) / 1000;
}
