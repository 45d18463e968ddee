/** `--include` and `--exclude`: glob patterns for what is found in directories. */
import type { PathFilter } from '../index.js';
import { CommandLineError } from './command-line-error.js';
import { shown } from './option-values.js';
import { messageOf } from './printable.js';

/** Patterns as typed. */
export interface PathPatterns {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

type Matcher = (path: string) => boolean;
type Compile = (glob: string) => Matcher;

/**
 * What the patterns leave of a directory; undefined if there are none. Both are tried on every file, only those to exclude on
 * folders: what matches one of these is out, whatever it is included by.
 * @throws {CommandLineError} that names the pattern that is none
 */
export async function pathFilter({ include, exclude }: PathPatterns): Promise<PathFilter | undefined> {
  if (include.length === 0 && exclude.length === 0) return undefined;
  const { default: picomatch } = await import('picomatch');
  // `debug` throws on what makes no regular expression; a dot matches the end of a line too, which may be in a name.
  const compile: Compile = (glob) => picomatch(glob, { dot: true, strictBrackets: true, debug: true, flags: 's' });
  const isIncluded = anyOf('--include', include, compile);
  const isExcluded = anyOf('--exclude', exclude, compile);
  return (path, kind) => !isExcluded(path) && (kind === 'directory' || include.length === 0 || isIncluded(path));
}

function anyOf(option: string, patterns: readonly string[], compile: Compile): Matcher {
  const matchers = patterns.map((pattern) => {
    try {
      return matcher(pattern, compile);
    } catch (error) {
      // What follows is advice on escapes for who writes them in source code.
      const [reason] = messageOf(error).split(' - use ');
      throw new CommandLineError(`${option}: ${shown(pattern)} is no pattern: ${reason}`, { cause: error });
    }
  });
  return (path) => matchers.some((matches) => matches(path));
}

/** A slash at the end, as for a folder, means nothing, and one at the beginning the directory itself. */
function matcher(pattern: string, compile: Compile): Matcher {
  const glob = pattern.replace(/\/+$/, '');
  const matches = compile(glob.replace(/^\//, ''));
  return glob.includes('/') ? matches : (path) => matches(path.slice(path.lastIndexOf('/') + 1));
}
