/** The options of storescp by which others learn of what has come. */
import { commandParser, listed, parseCommand } from './command-template.js';
import { FILE_PLACEHOLDERS, STUDY_PLACEHOLDERS } from './event-placeholders.js';
import type { OptionGroup } from './option-table.js';
import { integer, secondsToMs, text } from './option-values.js';

export const EVENTS = {
  title: 'Events',
  options: [
    {
      key: 'events',
      long: '--events',
      value: '[f]ilename (str)',
      parse: text,
      completes: 'file',
      help: 'append a line of JSON to file f, or with - to standard output, for each object that is stored, before it is answered, and for each association and study that has ended; SIGHUP opens the file anew',
    },
    {
      key: 'execCommand',
      long: '--exec',
      value: '[c]ommand (str)',
      parse: parseCommand,
      help: `run command c for each object that is stored, not in a shell; in its arguments, which may be quoted, ${listed(FILE_PLACEHOLDERS)} and the placeholders of --output-pattern stand for what they name`,
    },
    {
      key: 'execStudyCommand',
      long: '--exec-study',
      value: '[c]ommand (str)',
      parse: commandParser(STUDY_PLACEHOLDERS),
      help: `likewise for each study that has ended, with ${listed(STUDY_PLACEHOLDERS)}`,
    },
    {
      key: 'studyTimeoutMs',
      long: '--study-timeout',
      value: '[s]econds (float)',
      parse: secondsToMs,
      default: '60',
      help: 'a study has ended when no object of it has come for s seconds over any association; 0: when storescp ends',
    },
    {
      key: 'execJobs',
      long: '--exec-jobs',
      value: '[n]umber (int)',
      parse: integer({ from: 1, to: 1000 }),
      default: '1',
      help: 'run up to n programs at a time',
    },
    {
      key: 'execTimeoutMs',
      long: '--exec-timeout',
      value: '[s]econds (float)',
      parse: secondsToMs,
      default: '3600',
      help: 'stop a program that runs for longer than s seconds',
    },
  ],
} as const satisfies OptionGroup;
