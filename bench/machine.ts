/** Date and machine class: figures mean nothing without. */
import { cpus, release, totalmem, type } from 'node:os';
import { versionOf } from './processes.js';

export function machineInWords(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const dcmtk = /v(\S+)/.exec(versionOf('storescu'))?.[1] ?? 'none';
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus().length} x ${cpu?.model.trim() ?? 'unknown CPU'}`,
    `${memory} GiB`,
    `${type()} ${release()}`,
    `Node ${process.version}`,
    `DCMTK ${dcmtk}`,
  ].join(', ');
}
