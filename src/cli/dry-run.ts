/** storescu --dry-run: the plan on standard output, the files left out in the log. */
import { type PlanEvent, type PlannedAssociation, type PlannedContext, type PlannedFiles, uidName } from '../index.js';
import { EXIT, sentence } from './application.js';
import type { Log } from './log.js';
import { count } from './quantities.js';
import { writeResult } from './standard-output.js';

/** Prints what would be sent. `run.storedBefore`: how many files were left out so far. @returns the exit code */
export async function printPlan(
  events: AsyncIterable<PlanEvent>,
  run: { readonly log: Log; readonly storedBefore: number },
): Promise<number> {
  const { log } = run;
  let [files, associations, notSent, skipped] = [0, 0, 0, 0];
  for await (const event of events)
    switch (event.type) {
      case 'association':
        files += event.files;
        writeResult(describeAssociation(++associations, event));
        break;
      case 'not-sent':
        notSent++;
        log.error(sentence(event.error));
        break;
      case 'skipped':
        skipped++;
        log.warning(`Skipped: ${event.error.message}`);
        break;
      case 'warning':
        log.warning(`${event.path}: ${event.message}`);
        break;
      default:
        event satisfies never;
    }
  const leftOut = notSent + skipped > 0 ? `; left out: ${count(notSent + skipped, 'file')}` : '';
  const before = run.storedBefore > 0 ? `; stored before: ${count(run.storedBefore, 'file')}` : '';
  writeResult(`${count(files, 'file')} to send over ${count(associations, 'association')}${leftOut}${before}\n`);
  const isNothing = associations === 0 && run.storedBefore === 0;
  if (isNothing && notSent === 0) log.error('No DICOM files to send');
  return notSent > 0 || isNothing ? EXIT.notStored : EXIT.success;
}

function describeAssociation(number: number, { contexts, files }: PlannedAssociation): string {
  const head = `Association ${number}: ${count(contexts.length, 'presentation context')}, ${count(files, 'file')}`;
  return [head, ...contexts.flatMap(describeContext), ''].join('\n');
}

function describeContext(context: PlannedContext): readonly string[] {
  const { id, abstractSyntax, transferSyntaxes, uses } = context;
  return [
    `  ${`${id}`.padStart(3)}  ${inWords(abstractSyntax)}`,
    `       ${transferSyntaxes.map(inWords).join(', ')}`,
    ...uses.map((use) => `         ${describeUse(use, context)}`),
  ];
}

function describeUse({ files, transferSyntaxUid, unless }: PlannedFiles, { transferSyntaxes }: PlannedContext): string {
  const refused =
    unless.length === 0
      ? ''
      : `, if context ${unless.join(' and ')} ${unless.length === 1 ? 'is' : 'are'} not accepted`;
  const what = count(files, 'file');
  if (!transferSyntaxes.includes(transferSyntaxUid))
    return `${what}, converted from ${inWords(transferSyntaxUid)}${refused}`;
  if (transferSyntaxes.length === 1) return `${what} as ${files === 1 ? 'it is' : 'they are'}${refused}`;
  return `${what}, converted unless the peer chooses ${inWords(transferSyntaxUid)}${refused}`;
}

function inWords(uid: string): string {
  return uidName(uid) ?? uid;
}
