/** Who takes part: storage users and providers of three makes, by the command lines that start them. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applicationPath, projectRoot } from '../test/support/paths.js';
import type { Command } from './processes.js';

export interface User {
  readonly name: string;
  /** Sends all files of a folder. */
  readonly command: (port: number, folder: string) => Command;
}

export interface Provider {
  readonly name: string;
  /** Listens, and stores what comes in a folder. */
  readonly command: (port: number, folder: string) => Command;
  /** Whether it reads data sets and writes them anew. Default: no, as they come. */
  readonly rewrites?: boolean;
}

const HOST = '127.0.0.1';
/** What DCMTK's documentation offers to those who wait: no Nagle, buffers and PDUs as large as it takes. */
const TUNED_ENVIRONMENT = { TCP_NODELAY: '1', TCP_BUFFER_LENGTH: '1048576' };
const TUNED_PDU = ['-pdu', '131072'];

export const DCMTK_INSTALLED = {
  user: dcmtkUser('DCMTK as installed'),
  provider: dcmtkProvider('DCMTK as installed'),
};

export const DCMTK_TUNED = {
  user: dcmtkUser('DCMTK tuned', [...TUNED_PDU, '--max-send-pdu', '131072'], TUNED_ENVIRONMENT),
  implicitUser: dcmtkUser('DCMTK tuned -xi', [...TUNED_PDU, '--max-send-pdu', '131072', '-xi'], TUNED_ENVIRONMENT),
  provider: dcmtkProvider('DCMTK tuned', [...TUNED_PDU, '+B'], TUNED_ENVIRONMENT),
  forkingProvider: dcmtkProvider('DCMTK tuned --fork', [...TUNED_PDU, '+B', '--fork'], TUNED_ENVIRONMENT),
};

/** The same bytes with no protocol: what Node itself costs. */
export const PUMP = { user: script('bare pump', 'pump', 'send'), provider: script('bare pump', 'pump', 'receive') };

/** C-STORE in as few steps as it takes, one object at a time: what Node and the protocol cost, if nobody asks for more. */
export const BARE_DICOM = { user: script('bare DICOM', 'bare-user'), provider: script('bare DICOM', 'bare-provider') };

export const DCMJS_DIMSE = {
  user: script('dcmjs-dimse', 'dcmjs-dimse', 'scu'),
  provider: { ...script('dcmjs-dimse', 'dcmjs-dimse', 'scp'), rewrites: true },
};

export const benchPackage = join(projectRoot, 'bench', 'package.json');

export function hasDcmjsDimse(): boolean {
  return existsSync(join(dirname(benchPackage), 'node_modules', 'dcmjs-dimse'));
}

export function ourUser(...options: readonly string[]): User {
  return {
    name: ['ours', ...options].join(' '),
    command: (port, folder) => ourCommand('storescu', [HOST, `${port}`, folder, ...options]),
  };
}

export function ourProvider(...options: readonly string[]): Provider {
  return {
    name: ['ours', ...options].join(' '),
    command: (port, folder) => ourCommand('storescp', [`${port}`, '-od', folder, ...options]),
  };
}

export function ourCommand(name: 'storescu' | 'storescp', args: readonly string[]): Command {
  return { program: process.execPath, args: [applicationPath(name), ...args] };
}

/** One of the programs in this folder, as it was compiled. */
export function benchCommand(name: string, args: readonly string[]): Command {
  const path = join(dirname(fileURLToPath(import.meta.url)), `${name}.js`);
  return { program: process.execPath, args: [path, ...args] };
}

function dcmtkUser(name: string, options: readonly string[] = [], env: Record<string, string> = {}): User {
  return {
    name,
    command: (port, folder) => ({ program: 'storescu', args: [...options, '+sd', HOST, `${port}`, folder], env }),
  };
}

function dcmtkProvider(name: string, options: readonly string[] = [], env: Record<string, string> = {}): Provider {
  return {
    name,
    command: (port, folder) => ({ program: 'storescp', args: [...options, '-od', folder, `${port}`], env }),
  };
}

function script(name: string, file: string, ...args: readonly string[]): User & Provider {
  return { name, command: (port, folder) => benchCommand(file, [...args, `${port}`, folder]) };
}
