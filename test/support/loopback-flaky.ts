/** An acceptor that fails by a script, and a clock that does not keep anybody waiting: for the tests of retries. */
import { setImmediate } from 'node:timers';
import { responseTo, type ServeOptions, type ServiceProvider, type StartTimer } from '../../src/index.js';
import { startServer, type TestServer } from './loopback-server.js';

/** How a request is answered: with a status, or by the end of the association. */
export type Reaction = number | 'abort';

export interface FlakyServer extends TestServer {
  /** What was asked for so far: names of instances, in order. */
  readonly asked: readonly string[];
  /** Which of them were stored. */
  readonly stored: readonly string[];
}

/** @param react to the `turn`th request, from 1, with the instance that has this UID */
export async function flakyServer(
  react: (uid: string, turn: number) => Reaction,
  options: Partial<ServeOptions> = {},
): Promise<FlakyServer> {
  const asked: string[] = [];
  const stored: string[] = [];
  const provider: ServiceProvider = {
    operations: ['C-STORE-RQ', 'C-ECHO-RQ'],
    syntaxesFor: () => ({ preferred: ['1.2.840.10008.1.2'] }),
    async handle({ association, message }) {
      const uid = message.type === 'C-STORE-RQ' ? message.affectedSopInstanceUid : 'echo';
      asked.push(uid);
      const reaction = react(uid, asked.filter((other) => other === uid).length);
      if (reaction === 'abort') {
        await association.abort();
        throw new Error('aborted');
      }
      if (reaction === 0) stored.push(uid);
      return responseTo(message, reaction);
    },
  };
  return { ...(await startServer({ services: [provider], ...options })), asked, stored };
}

/** Delays that were asked for; each is over at once. */
export class HastyTimer {
  readonly delays: number[] = [];

  readonly start: StartTimer = (ms, onDue) => {
    this.delays.push(ms);
    const immediate = setImmediate(onDue);
    return () => clearImmediate(immediate);
  };
}
