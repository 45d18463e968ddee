/** Where storescp puts what it receives, and what it says of that. */
import { directorySink, discardSink, type IncomingInstance, printable, type StoreInstance } from '../index.js';
import type { DecodeText } from './character-set.js';
import type { Log } from './log.js';
import { outputNames } from './output-names.js';
import type { StorescpOptions } from './storescp-options.js';
import { storingFields } from './trace-fields.js';

export interface Sink {
  readonly store: StoreInstance;
  /** Tags of the attributes that it is to know of each instance. */
  readonly attributes: readonly number[];
}

/** @throws {FileError | CommandLineError} if the directory or the pattern will not do */
export async function openSink(options: StorescpOptions, log: Log, decoder: () => Promise<DecodeText>): Promise<Sink> {
  const { ignore, outputPattern } = options;
  const names = outputPattern && outputNames(outputPattern, await decoder());
  if (ignore || names === undefined) return { store: await plainSink(options, log), attributes: [] };
  // The name is known when the data set has come.
  const store = await directorySink(options.outputDirectory, {
    ...duplicates(options, log),
    nameOf(instance) {
      const parts = names.namesOf(instance);
      const path = parts.join('/');
      const fields = log.takesFields ? storingFields('storing', instance, path) : undefined;
      log.info(`Storing DICOM file: ${printable(path)}`, fields);
      return parts;
    },
  });
  return { store, attributes: names.attributes };
}

async function plainSink(options: StorescpOptions, log: Log): Promise<StoreInstance> {
  const store = options.ignore ? discardSink : await directorySink(options.outputDirectory, duplicates(options, log));
  return (instance: IncomingInstance) => {
    const { fileName } = instance;
    const fields = log.takesFields ? storingFields('storing', instance, fileName) : undefined;
    log.info(`Storing DICOM file: ${fileName}`, fields);
    return store(instance);
  };
}

function duplicates({ noFsync, onDuplicate, outputPattern }: StorescpOptions, log: Log) {
  // The plain name is in the line before it, with -v; those made of attributes are worth repeating.
  const where = (path: string) => (outputPattern === undefined ? '' : `: ${printable(path)}`);
  const fields = (...what: Parameters<typeof storingFields>) => (log.takesFields ? storingFields(...what) : undefined);
  return {
    fsync: !noFsync,
    onDuplicate,
    onReplace(path: string, instance: IncomingInstance) {
      log.warning(`DICOM file already exists, overwriting${where(path)}`, fields('replacing', instance, path));
    },
    onKeep(path: string, isSame: boolean, instance: IncomingInstance) {
      if (isSame) log.warning(`DICOM file already exists, keeping it${where(path)}`, fields('keeping', instance, path));
      // An error follows, which says why.
      else
        log.info(`DICOM file already exists, rejecting the new one${where(path)}`, fields('rejecting', instance, path));
    },
  } as const;
}
