/** What the manual pages say that is not in the tables of options. Words in backquotes are set in bold. */

export interface Prose {
  /** Paragraphs behind the description of the table. */
  readonly description: readonly string[];
  /** A config file; the reader is tested with it. */
  readonly config: string;
  /** Paths and what they are. */
  readonly files: readonly (readonly [path: string, text: string])[];
  /** What an example does, and the command line; both applications' parsers are tested with them. */
  readonly examples: readonly (readonly [text: string, command: string])[];
}

/** How options are written, in both pages. */
export const WRITING_OPTIONS: readonly string[] = [
  'Every option is a whole word, also the short ones: `-aet` is one option, never three. A value follows as the next word or behind an equals sign (`--max-pdu 0`, `--max-pdu=0`). What stands behind `--` is no option. Options of one group that say contrary things, such as `-q` and `-v`, are an error together.',
];

/** What the section on config files says, in both pages. */
export const CONFIG_FILE: readonly string[] = [
  'The file of `--config` is a JSON object. Its keys are the long names of options without their hyphens, and the names of arguments. Flags are true or false, numbers are numbers, texts are strings, and what may be given several times is a list or a single value. Paths are those that would be typed. The key `$schema` is left to editors.',
  'The strongest place that gives an option counts: the command line, then the environment, then the config file, then the default. That goes for options that exclude one another together, so that `-xe` on the command line outdoes "propose-own": true in the file, and `-d` any log level; a list is replaced as a whole. A flag that is set elsewhere is taken back with `--flag=false`.',
];

export const PROSE: Readonly<Record<string, Prose>> = {
  storescu: {
    description: [
      'A directory stands for the files in it, with `-r` also for those in all folders below; a DICOMDIR stands for the files that it refers to. Files are sent in the transfer syntax that the peer accepts: data sets are converted between the native syntaxes on the way, and compressed images are decompressed if need be, unless `--no-decompress` is given. Files of any size pass through at constant memory.',
      'Nothing is printed if all goes well. Warnings and errors go to standard error, one to a line; `-v` tells what happens, `-d` shows every message in words.',
      'Arguments that the config file gives are left out on the command line: with addr and port in the file, all words are dcmfiles.',
    ],
    config: `{
  "addr": "pacs.example",
  "port": 104,
  "called-aet": "PACS",
  "propose-own": true,
  "dimse-timeout": 60,
  "exclude": ["*.txt", "*.pdf"]
}`,
    files: [
      [
        'DIR/.netdicom-watch',
        'What `--watch` has sent of DIR, unless `--watch-state` names another file. Without it everything is sent again. A file of that name and .lock belongs to the storescu that is running.',
      ],
    ],
    examples: [
      ['Send a file:', 'storescu 127.0.0.1 11112 image.dcm'],
      [
        'Send a folder and all below it, each file in its own transfer syntax:',
        'storescu pacs.example 104 study -r -xo -v',
      ],
      [
        'See what would be proposed and sent, without asking the peer:',
        "storescu pacs.example 104 study -r --exclude '*.txt' --dry-run",
      ],
      ['Verify a connection:', 'storescu pacs.example 104 --echo -aec PACS'],
      [
        'Keep a record of each file and try again what may pass:',
        'storescu pacs 104 study -r --retry 3 --report sent.csv',
      ],
      ['Send what the run before has not:', 'storescu pacs 104 study -r --resume sent.csv --report new.csv'],
      ['Send what another program names:', 'storescu pacs.example 104 --files-from names.txt --json'],
      ['Send whatever appears in a folder, each file once:', 'storescu pacs.example 104 --watch /var/spool/dicom'],
      ['Send to the peer that a config file describes:', 'storescu --config pacs.json image.dcm'],
    ],
  },
  storescp: {
    description: [
      'Success is answered when an object is on the disk, whole and under its final name; see `--no-fsync`. Objects are stored in the transfer syntax that they come in. One of the same name is replaced, with a warning, unless `--on-duplicate` says otherwise. The port may be given by the environment or the config file instead.',
      'Warnings and errors go to standard error, one to a line; `-v` tells what happens, `-d` shows every message in words. SIGINT and SIGTERM stop listening and let running messages finish for up to 10 seconds; the second signal aborts them.',
    ],
    config: `{
  "port": 11112,
  "aetitle": "ARCHIVE",
  "output-directory": "/var/lib/dicom",
  "max-associations": 20
}`,
    files: [
      ['PREFIX.SOPInstanceUID', 'An object, in the output directory. The prefix tells its SOP class.'],
      [
        '.netdicom-HOST-PID-NUMBER.part',
        'An object that is being received, in the output directory. What a killed storescp left behind is removed at the next start.',
      ],
    ],
    examples: [
      ['Receive into a directory and tell of each object:', 'storescp 11112 -od /var/lib/dicom -v'],
      ['Receive on a free port, which is printed:', 'storescp 0'],
      ['See everything that a peer sends, and store nothing:', 'storescp 11112 -aet ARCHIVE -d --ignore'],
      ['Sort what comes into folders:', 'storescp 11112 --output-pattern {PatientID}/{SOPInstanceUID}'],
      [
        'Tell of what comes, and run a program for each study:',
        "storescp 11112 --events log --exec-study 'notify {directory}'",
      ],
      [
        'Let in only who has a certificate and a password:',
        'storescp 2762 --tls --tls-key k --tls-cert c --tls-ca a --users u',
      ],
      ['Let Prometheus and probes ask how it is doing:', 'storescp 11112 --metrics-port 9464'],
      ['Receive as a config file says:', 'storescp --config /etc/netdicom/storescp.json'],
    ],
  },
};
