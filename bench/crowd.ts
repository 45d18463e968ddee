/** Bar 10: many associations at once to one storescp. */
import { freePort } from '../test/support/processes.js';
import { checkReceived } from './check.js';
import { prepared, smallObjects } from './corpora.js';
import { benchCommand, ourProvider } from './participants.js';
import { inbox, removeFolder } from './places.js';
import { type Figures, type Probe, spreadOf } from './probes.js';
import { Listener, runToEnd } from './processes.js';

const OBJECTS_EACH = 20;
/** One process makes the load, as one core is the provider's. */
export const crowdProbe = (associations: number): Probe => ({
  name: `${associations} associations at once, ${OBJECTS_EACH} small each`,
  run: () => measureCrowd(associations),
});

/** `median` and `slowest` of an association in seconds, from its request to its release. */
async function measureCrowd(associations: number): Promise<Figures> {
  const corpus = smallObjects(associations * OBJECTS_EACH);
  const folder = await prepared(corpus);
  const into = await inbox('memory');
  const port = await freePort();
  const provider = ourProvider('--max-associations', `${associations + 100}`);
  const listener = await Listener.start(provider.command(port, into), port);
  try {
    const meter = await listener.meter();
    const { stdout } = await runToEnd(benchCommand('crowd-user', [port, folder, associations].map(String)));
    const received = await meter();
    await checkReceived({ inbox: into, isRewritten: false }, corpus, folder);
    const seconds: number[] = JSON.parse(stdout);
    const { median, max } = spreadOf(seconds) ?? { median: NaN, max: NaN };
    return { median, slowest: max, providerCpu: received.cpuSeconds, providerPeak: received.peakMb };
  } finally {
    await listener.stop();
    await removeFolder(into);
  }
}
