/**
 * Sends files and folders to a peer and says what became of each; Ctrl-C ends it in good order.
 * Usage: send HOST PORT PATH...
 */
import { DicomError, type StoreOutcome, storeFiles } from 'netdicom';

const [host = '127.0.0.1', port = '11112', ...paths] = process.argv.slice(2);
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort(new Error('interrupted')));

let stored = 0;
let failed = 0;
try {
  const outcomes = storeFiles(paths, {
    host,
    port: Number(port),
    calledAeTitle: 'ARCHIVE',
    callingAeTitle: 'EXAMPLE',
    recurse: true,
    // As it is where the peer takes it, else converted or decompressed on the way.
    proposeOwn: true,
    maxOperationsInvoked: 16,
    connectionTimeoutMs: 10_000,
    dimseTimeoutMs: 60_000,
    signal: interruption.signal,
  });
  for await (const outcome of outcomes) tell(outcome);
  process.exitCode = failed > 0 ? 3 : 0;
} catch (error) {
  // No association, or it was lost. What was told before stays true.
  console.error(error instanceof DicomError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
}
console.log(`${stored} stored, ${failed} not stored`);

function tell(outcome: StoreOutcome): void {
  switch (outcome.type) {
    case 'stored':
      stored++;
      if (outcome.status.category === 'warning') console.warn(`${outcome.path}: ${outcome.status.meaning}`);
      break;
    case 'refused':
      failed++;
      console.error(`${outcome.path}: ${outcome.status.meaning}: ${outcome.response.errorComment ?? 'no comment'}`);
      break;
    case 'not-sent':
    case 'unanswered':
      failed++;
      console.error(`${outcome.path}: ${outcome.error.message}`);
      break;
    case 'verified':
    case 'not-verified':
      // Only with the option `verify`.
      break;
    default:
      outcome satisfies never;
  }
}
