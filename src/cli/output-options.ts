/** The options of storescp that say where a file goes and what it is called. */
import type { OptionGroup } from './option-table.js';
import { text } from './option-values.js';
import { outputPattern } from './output-pattern.js';

export const OUTPUT = {
  title: 'Output',
  options: [
    {
      key: 'outputDirectory',
      env: true,
      short: '-od',
      long: '--output-directory',
      value: '[d]irectory (str)',
      parse: text,
      completes: 'folder',
      default: '.',
      help: 'write received objects to existing directory d',
    },
    {
      key: 'outputPattern',
      long: '--output-pattern',
      value: '[p]attern (str)',
      parse: outputPattern,
      help: 'folders and names of the files below the output directory, such as {PatientID}/{StudyDate}/{Modality}.{SOPInstanceUID}.dcm: keywords or tags of attributes, CallingAET, CalledAET, PeerAddress, Prefix, TransferSyntaxUID or now:YYYY-MM-DD; {SOPInstanceUID} has to be in it, parted by a dot from placeholders beside it (default: {Prefix}.{SOPInstanceUID})',
    },
    {
      key: 'onDuplicate',
      long: '--on-duplicate',
      value: '[w]hat (str)',
      choices: { replace: 'replace', keep: 'keep', reject: 'reject' },
      default: 'replace',
      help: 'if a file has the name already: replace it; keep it, and answer Success if what came is the same; or reject what came',
    },
    {
      key: 'noFsync',
      long: '--no-fsync',
      help: 'answer before the file is flushed to the disk: faster, but a power failure may lose it',
    },
  ],
} as const satisfies OptionGroup;
