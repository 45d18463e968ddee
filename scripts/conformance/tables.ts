/** The tables of docs/conformance.md, by the name of their place in it. */

import { MAX_PRESENTATION_CONTEXTS } from '../../src/acse/propose.js';
import { DICOM_APPLICATION_CONTEXT } from '../../src/base/identifiers.js';
import { VERSION } from '../../src/base/version.js';
import type { Application, OptionRow } from '../../src/cli/option-table.js';
import { STORESCP } from '../../src/cli/storescp-options.js';
import { STORESCU } from '../../src/cli/storescu-options.js';
import { canDecompress } from '../../src/codecs/compression.js';
import { canConvert } from '../../src/dataset/transcode.js';
import {
  EXPLICIT_VR_LITTLE_ENDIAN,
  isNative,
  STANDARD_TRANSFER_SYNTAXES,
  type TransferSyntax,
  transferSyntax,
} from '../../src/dataset/transfer-syntax.js';
import { modalityPrefix, VERIFICATION_SOP_CLASS } from '../../src/dictionary/sop-classes.js';
import { fragmentSize, PDV_HEADER } from '../../src/pdu/p-data-block.js';
import { acceptedClasses, acceptedSyntaxes, withStorescp } from './acceptor.js';
import { table } from './markdown.js';
import { negotiation } from './negotiation.js';
import { proposals } from './requestor.js';
import { receivedStatuses, sentStatuses } from './statuses.js';

/** Makes them all, by running both applications. */
export async function conformanceTables(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['version', `This statement is about version ${VERSION} of storescu and storescp.`],
    ['sop-classes', await sopClasses()],
    ['transfer-syntaxes', await transferSyntaxes()],
    ['association-parameters', associationParameters()],
    ['proposed-contexts', await proposedContexts()],
    ['accepted-order', await acceptedOrder()],
    ...(await negotiation()),
    ['sent-statuses', sentStatuses()],
    ['received-statuses', receivedStatuses()],
    ['storescu-options', parameters(STORESCU)],
    ['storescp-options', parameters(STORESCP)],
  ]);
}

async function sopClasses(): Promise<string> {
  const classes = await withStorescp([], acceptedClasses);
  const rows = classes
    .filter(({ uid }) => uid !== VERIFICATION_SOP_CLASS)
    .map(({ uid, name }) => [name || '(retired, without a name)', uid, 'Y', 'Y', `\`${modalityPrefix(uid)}\``]);
  return table(['SOP Class', 'UID', 'SCU', 'SCP', 'Prefix of the file name'], rows);
}

async function transferSyntaxes(): Promise<string> {
  const [all, native, implicit] = await Promise.all(
    [[], ['--accept-native'], ['-xi']].map((args) => withStorescp(args, (port) => acceptedSyntaxes(port))),
  );
  const rows = STANDARD_TRANSFER_SYNTAXES.map((syntax) => [
    syntax.name,
    syntax.uid,
    sending(syntax),
    ...[all, native, implicit].map((accepted) => (accepted?.includes(syntax.uid) ? 'Y' : 'N')),
  ]);
  return table(['Transfer Syntax', 'UID', 'storescu sends', 'storescp', '`--accept-native`', '`-xi`'], rows);
}

function sending(syntax: TransferSyntax): string {
  if (canConvert(syntax, EXPLICIT_VR_LITTLE_ENDIAN)) return 'as it is or converted';
  return canDecompress(syntax) ? 'as it is or decompressed' : 'as it is';
}

async function proposedContexts(): Promise<string> {
  const variants = [[], ['-pts', '2'], ['-pts', '3'], ['-xi'], ['-xe'], ['-xb'], ['-xo'], ['--no-decompress']];
  const proposed = await proposals(variants);
  const rows = proposed.map(({ contexts }, index) => [
    variants[index]?.length === 0 ? '(none)' : `\`${variants[index]?.join(' ')}\``,
    ...[...contexts.values()].map((wanted) => wanted.map((uids) => contextInWords(uids, wanted)).join('; ')),
  ]);
  return table(['Option', ...(proposed[0]?.contexts.keys() ?? [])], rows);
}

/** Of several contexts the first is for the file as it is. */
function contextInWords(uids: readonly string[], all: readonly (readonly string[])[]): string {
  return all.length > 1 && uids === all[0] ? 'its own' : uids.map(inWords).join(', ');
}

function inWords(uid: string): string {
  const syntax = transferSyntax(uid);
  return syntax !== undefined && isNative(syntax) ? syntax.name : 'its own';
}

async function acceptedOrder(): Promise<string> {
  const flags = ['-x=', '-xe', '-xb', '-xi'];
  const native = await Promise.all(
    flags.map((flag) => withStorescp([flag, '--accept-native'], (port) => acceptedSyntaxes(port))),
  );
  const echo = await Promise.all(
    flags.map((flag) => withStorescp([flag], (port) => acceptedSyntaxes(port, VERIFICATION_SOP_CLASS))),
  );
  const rows = flags.flatMap((flag, index) => [
    [
      `\`${flag}\``,
      'Storage',
      (native[index] ?? []).map(inWords).join(', ') + (flag === '-xi' ? '' : ', then all others'),
    ],
    [`\`${flag}\``, 'Verification', (echo[index] ?? []).map(inWords).join(', ')],
  ]);
  return table(['Option', 'SOP classes', 'Transfer syntaxes, the preferred first'], rows);
}

function associationParameters(): string {
  const rows: readonly (readonly string[])[] = [
    ['Application Context Name', DICOM_APPLICATION_CONTEXT, DICOM_APPLICATION_CONTEXT],
    both('AE title', '--calling-aet', '--aetitle'),
    ['Maximum length received (PS3.8 D.1)', ...pair('--max-pdu', 'bytes')],
    ['Maximum length sent', ...twice(`what the peer announced, ${fragmentSize(0) + PDV_HEADER} bytes at most`)],
    ['Presentation contexts of an association', String(MAX_PRESENTATION_CONTEXTS), 'any number'],
    both('Associations at a time', '--jobs', '--max-associations'),
    ['Operations at a time, where negotiated', ...pair('--async-ops')],
    ['Wait for a connection', given(STORESCU, '--timeout', 's'), '(accepts)'],
    ['Wait for an ACSE answer, and ARTIM', ...pair('--acse-timeout', 's')],
    ['Wait for a DIMSE response, or the rest of a message', ...pair('--dimse-timeout', 's')],
    ['Silence while data should flow', ...pair('--network-timeout', 's')],
    ['Ends without any connection', '(does not listen)', given(STORESCP, '--timeout', 's')],
  ];
  return table(['Parameter', 'storescu', 'storescp'], rows);
}

function twice(text: string): readonly string[] {
  return [text, text];
}

function both(what: string, ours: string, theirs: string): readonly string[] {
  return [what, given(STORESCU, ours), given(STORESCP, theirs)];
}

function pair(long: string, unit?: string): readonly string[] {
  return [given(STORESCU, long, unit), given(STORESCP, long, unit)];
}

/** The default of an option with its name. */
function given(application: Application, long: string, unit = ''): string {
  const row = application.groups.flatMap(({ options }) => options).find((option) => option.long === long);
  if (row === undefined) throw new Error(`${application.name} has no ${long}`);
  const value = defaultOf(row);
  return `${/^\d/.test(value) ? `${value} ${unit}`.trim() : value} (\`${row.short ?? long}\`)`;
}

function defaultOf(row: OptionRow): string {
  if (!('default' in row) || row.default === undefined) return '';
  return row.default === true ? 'yes' : row.default;
}

/** Every option that is about DICOM and not about the log. */
function parameters({ groups }: Application): string {
  const rows = groups
    .filter(({ title }) => title !== 'Logging' && title !== 'General')
    .flatMap(({ options }) => options)
    .map((row) => [names(row), defaultOf(row), row.help]);
  return table(['Option', 'Default', 'What it sets'], rows);
}

function names(row: OptionRow): string {
  const value = 'value' in row ? ` ${row.value}` : '';
  return [...(row.short === undefined ? [] : [row.short]), `${row.long}${value}`]
    .map((name) => `\`${name}\``)
    .join(' ');
}
