/** A log whose lines come where something else stands, which makes room for them. */
import { type Level, type Log, levels } from './log.js';

/** `log`, but `makeRoom` is called before anything is written. */
export function logAbove(log: Log, makeRoom: () => void): Log {
  const at =
    (level: Level) =>
    (...given: Parameters<Log['error']>) => {
      if (log.isEnabled(level)) makeRoom();
      log[level](...given);
    };
  return {
    ...log,
    ...levels(at),
    announce(...given) {
      makeRoom();
      log.announce(...given);
    },
    named: (logger) => logAbove(log.named(logger), makeRoom),
  };
}
