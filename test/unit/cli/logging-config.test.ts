/** `-lc`: files for Python's logging.config.fileConfig. The texts written are those that Python 3.13 writes for the same file. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { waitingForReaders } from '../../../src/cli/log.js';
import { readLoggingConfig } from '../../../src/cli/logging-config.js';
import { runChild } from '../../support/cli-child.js';

let root = '';
let folder = '';
let count = 0;
before(() => {
  root = mkdtempSync(join(tmpdir(), 'netdicom-lc-'));
});
beforeEach(() => {
  folder = join(root, String(++count));
  mkdirSync(folder);
});
after(() => rmSync(root, { recursive: true }));

/** The three tables of names, root alone unless told, then `sections`. */
function config(sections: string, names: { loggers?: string; handlers?: string; formatters?: string } = {}): string {
  const { loggers = 'root', handlers = 'h', formatters = '' } = names;
  return `[loggers]\nkeys=${loggers}\n[handlers]\nkeys=${handlers}\n[formatters]\nkeys=${formatters}\n${sections}\n`;
}

/** What is written when each of five loggers logs a line, or two at once, at every level. */
const DRIVER = `import { openLog } from 'cli:open-log.js';
  try {
    const log = await openLog('storescu', { verbosity: 'debug', logLevel: 'debug', logConfig: 'log.ini' });
    for (const name of ['storescu', 'netdicom', 'netdicom.acse', 'netdicom.dimse'])
      for (const level of ['critical', 'error', 'warning', 'info', 'debug'])
        log.named(name)[level](level === 'debug' ? [name + ' debug', 'second'] : name + ' ' + level);
    await log.close();
  } catch (error) {
    if (error.name !== 'CommandLineError') throw error;
    console.log(error.message);
    process.exitCode = 2;
  }`;

function run(text: string): { readonly stdout: string; readonly stderr: string; readonly status: number | null } {
  writeFileSync(join(folder, 'log.ini'), text);
  return runChild(DRIVER, folder);
}

/** The lines as initials: `nd:w` for a warning of netdicom.dimse, `second` is a second line. */
function brief(text: string): string {
  return text
    .replaceAll(/^(\w)\w+(?:\.(\w)\w*)? (\w)\w*$/gm, (_, first, second = '', level) => `${first}${second}:${level}`)
    .trimEnd()
    .replaceAll('\n', ' ');
}

const ALL_OF = (name: string): string => `${name}:c ${name}:e ${name}:w ${name}:i ${name}:d second`;
const WARNINGS_OF = (name: string): string => `${name}:c ${name}:e ${name}:w`;

describe('a logging configuration', () => {
  it('sends everything to the root', () => {
    const { stdout, stderr, status } = run(
      config('[logger_root]\nlevel=DEBUG\nhandlers=h\n[handler_h]\nclass=StreamHandler\nargs=(sys.stdout,)'),
    );
    assert.equal(brief(stdout), ['s', 'n', 'na', 'nd'].map(ALL_OF).join(' '));
    assert.deepEqual([stderr, status], ['', 0]);
  });

  it('has warning as the level of a root without one, and standard error as the stream of a handler without one', () => {
    const { stdout, stderr } = run(config('[logger_root]\nhandlers=h\n[handler_h]\nclass=logging.StreamHandler'));
    assert.equal(brief(stderr), ['s', 'n', 'na', 'nd'].map(WARNINGS_OF).join(' '));
    assert.equal(stdout, '');
  });

  it('inherits levels, propagates, and has handlers with levels of their own', () => {
    const { stdout, stderr } = run(
      config(
        `[logger_root]
level=ERROR
handlers=err
[logger_net]
qualname=netdicom
level=INFO
handlers=out
[logger_acse]
qualname=netdicom.acse
level=NOTSET
handlers=
propagate=0
[logger_dimse]
qualname=netdicom.dimse
level=DEBUG
handlers=out, out
[handler_err]
class=StreamHandler
level=CRITICAL
[handler_out]
class=StreamHandler
kwargs={'stream': sys.stdout}
level=WARNING`,
        { loggers: 'root, net,acse,\n  dimse', handlers: 'err,out' },
      ),
    );
    // acse has no handler: Python's last resort is standard error, from warning up.
    assert.equal(brief(stderr), `s:c n:c ${WARNINGS_OF('na')} nd:c`);
    assert.equal(brief(stdout), 'n:c n:e n:w nd:c nd:c nd:e nd:e nd:w nd:w');
  });

  it('formats lines, each line of a message as a record of its own', () => {
    const { stdout } = run(
      config(
        `[logger_root]
level=DEBUG
handlers=
[logger_dimse]
qualname=netdicom.dimse
handlers=h
propagate=0
[handler_h]
class=StreamHandler
args=(sys.stdout,)
formatter=f
[formatter_f]
format=%(levelname)-8s|%(name)s|%(message)s
   of %(levelno)d
datefmt=
class=logging.Formatter
style=%`,
        { loggers: 'root,dimse', formatters: 'f' },
      ),
    );
    assert.ok(stdout.startsWith('CRITICAL|netdicom.dimse|netdicom.dimse critical\nof 50\nERROR   |netdicom.dimse|'));
    assert.ok(
      stdout.endsWith('DEBUG   |netdicom.dimse|netdicom.dimse debug\nof 10\nDEBUG   |netdicom.dimse|second\nof 10\n'),
    );
  });

  it('reads comments, colons, [DEFAULT] and %(references)s', () => {
    run(`\ufeff# comment
[DEFAULT]
name = all
dir: logs
disable_existing_loggers=False
[loggers] ; what follows a header is ignored
KEYS : root
  ; comment
[handlers]
keys=h
[formatters]
keys=
[unused]
class=Nonsense
[logger_root]

level=DEBUG
propagate=1

handlers:h
[handler_h]
class=FileHandler
args=('%(dir)s-%(name)s 100%%.log',
    'w')
`);
    assert.equal(
      brief(readFileSync(join(folder, 'logs-all 100%.log'), 'utf8')),
      ['s', 'n', 'na', 'nd'].map(ALL_OF).join(' '),
    );
  });

  it('rotates by size and by time', () => {
    const { stderr } = run(
      config(
        `[logger_root]
level=DEBUG
handlers=a,b
[handler_a]
class=handlers.RotatingFileHandler
args=('a.log', 'w', 10*20, 2, None, False)
[handler_b]
class=logging.handlers.TimedRotatingFileHandler
args=('b.log',)
kwargs={'when': 'midnight', 'backupCount': 7, 'utc': True, 'encoding': 'utf-8'}`,
        { handlers: 'a,b' },
      ),
    );
    assert.equal(stderr, '');
    assert.deepEqual(readdirSync(folder).sort(), ['a.log', 'a.log.1', 'a.log.2', 'b.log', 'log.ini']);
    const [newest, middle, oldest] = ['a.log', 'a.log.1', 'a.log.2'].map((name) =>
      readFileSync(join(folder, name), 'utf8'),
    );
    assert.ok(readFileSync(join(folder, 'b.log'), 'utf8').endsWith(`${oldest}${middle}${newest}`));
  });

  it('may throw everything away', () => {
    const { stdout, stderr } = run(
      config('[logger_root]\nlevel=DEBUG\nhandlers=h\n[handler_h]\nclass=NullHandler\nargs=()'),
    );
    assert.equal(stdout + stderr, '');
  });
});

describe('a logging configuration that cannot be honoured', () => {
  const handler = (lines: string): string => config(`[logger_root]\nhandlers=h\n[handler_h]\n${lines}`);
  const formatter = (lines: string): string =>
    config(`[logger_root]\nhandlers=h\n[handler_h]\nclass=NullHandler\n[formatter_f]\n${lines}`, { formatters: 'f' });
  const logger = (lines: string): string =>
    config(`[handler_h]\nclass=NullHandler\n[logger_root]\nhandlers=h\n[logger_x]\n${lines}`, { loggers: 'root,x' });

  const faults: readonly (readonly [string, string])[] = [
    ['', ': section [formatters] is missing'],
    ['keys=root', ":1: 'keys=root' is before the first [section]"],
    ['[loggers]\nkeys', ":2: 'keys' is no 'key = value'"],
    ['[loggers]\nkeys=root\nKeys=root', ':3: keys is there twice'],
    ['[loggers]\n[loggers]', ':2: section [loggers] is there twice'],
    ['[formatters]\n[handlers]', ':1: [formatters] has no keys'],
    [config('', { loggers: 'main', handlers: '' }), ':2: root is not among the loggers'],
    [config('', { handlers: '' }), ': section [logger_root] is missing'],
    [config(''), ': section [handler_h] is missing'],
    [config('[logger_root]\nhandlers=h,x\n[handler_h]\nclass=NullHandler'), ":8: 'x' is not among the keys"],
    [
      config('[logger_root]\nlevel=LOUD\nhandlers=\n', { handlers: '' }),
      ':8: level LOUD is not one of CRITICAL, FATAL, ERROR, WARNING, WARN, INFO, DEBUG, NOTSET',
    ],
    [
      config('[logger_root]\nlevel=DEBUG ; all\nhandlers=\n', { handlers: '' }),
      ':8: level DEBUG ; all is not one of CRITICAL, FATAL, ERROR, WARNING, WARN, INFO, DEBUG, NOTSET',
    ],
    [config('[logger_root]\nlevel=WARNING', { handlers: '' }), ':7: [logger_root] has no handlers'],
    [logger('handlers='), ':11: [logger_x] has no qualname'],
    [logger('handlers=\nqualname=x\npropagate=no'), ':14: propagate: no is no number'],
    [handler('level=INFO'), ':9: [handler_h] has no class'],
    [
      handler('class=SMTPHandler'),
      ':10: handler class SMTPHandler cannot be honoured, only StreamHandler, NullHandler, FileHandler, RotatingFileHandler, TimedRotatingFileHandler, SysLogHandler',
    ],
    [handler('class=NullHandler\nformatter=f'), ":11: 'f' is not among the keys"],
    [handler('class=NullHandler\nargs=(1,)'), ':11: args: 1 values for 0 parameters'],
    [handler("class=FileHandler\nargs=('a.log')"), ":11: args: no tuple (one of a single value is written '(value,)')"],
    [handler("class=FileHandler\nargs=(os.getenv('HOME'),)"), ":11: unexpected '('"],
    [handler('class=FileHandler'), ':10: filename is missing'],
    [handler('class=FileHandler\nargs=(5,)'), ':11: filename: no text'],
    [handler("class=FileHandler\nargs=('a', 'wb')"), ':11: mode: not a, w or x'],
    [handler("class=FileHandler\nargs=('a', 'w', 'utf-16')"), ':11: encoding: utf-16 is not utf-8'],
    [handler("class=FileHandler\nargs=('a', 'w', None, 'yes')"), ':11: delay: neither True nor False'],
    [handler("class=FileHandler\nargs=('none/a.log',)"), ":11: ENOENT: no such file or directory, open 'none/a.log'"],
    [handler("class=FileHandler\nargs=('%d.log',)"), ":11: '%' must be followed by '%' or '(name)s'"],
    [handler("class=FileHandler\nargs=('%(no)s',)"), ':11: %(no)s refers to a value that is not there'],
    [handler("class=FileHandler\nargs=('%(a)s',)\na=%(b)s\nb=%(a)s"), ':11: values refer to one another without end'],
    [handler("class=FileHandler\nargs=('a',)\nkwargs=['mode']"), ':11: kwargs: no dictionary'],
    [
      handler("class=FileHandler\nargs=('a',)\nkwargs={'filename': 'b'}"),
      ':11: kwargs: filename is among args already',
    ],
    [handler("class=FileHandler\nargs=('a',)\nkwargs={'color': 'b'}"), ':11: kwargs: no parameter color'],
    [handler('class=StreamHandler\nargs=(sys.stdin,)'), ':11: stream: neither sys.stderr nor sys.stdout'],
    [handler("class=handlers.RotatingFileHandler\nargs=('a', 'a', -1)"), ':11: maxBytes: no number from 0 up'],
    [
      handler("class=handlers.TimedRotatingFileHandler\nargs=('a', 'X')"),
      ":11: when: 'X' is not S, M, H, D, midnight or W0 to W6",
    ],
    [
      handler("class=handlers.TimedRotatingFileHandler\nkwargs={'filename': 'a', 'atTime': 5}"),
      ':11: atTime: cannot be honoured',
    ],
    [
      handler("class=handlers.SysLogHandler\nargs=('/dev/log',)"),
      ':11: address: the Unix socket /dev/log is out of reach, only (host, port) is possible',
    ],
    [handler("class=handlers.SysLogHandler\nargs=(('h',),)"), ':11: address: no (host, port)'],
    [handler("class=handlers.SysLogHandler\nkwargs={'facility': 'local8'}"), ':11: facility: none of syslog'],
    [
      handler("class=handlers.SysLogHandler\nkwargs={'socktype': 7}"),
      ':11: socktype: neither socket.SOCK_DGRAM nor socket.SOCK_STREAM',
    ],
    [formatter('class=my.Formatter'), ':12: formatter class my.Formatter cannot be honoured, only logging.Formatter'],
    [formatter('style={'), ':12: style { cannot be honoured, only %'],
    [formatter('format=%(lineno)d'), ':12: format: %(lineno) cannot be honoured'],
    [formatter('format=%(asctime)s\ndatefmt=%H %Z'), ":13: datefmt: '%Z' cannot be honoured"],
  ];
  for (const [index, [text, message]] of faults.entries())
    it(`number ${index + 1} is named: ${message.replace(/^:(\d+:)? /, '')}`, async () => {
      const path = join(folder, 'log.ini');
      writeFileSync(path, text);
      await assert.rejects(readLoggingConfig(path, waitingForReaders), {
        name: 'CommandLineError',
        message: `${path}${message}`,
      });
    });

  it('may be missing', async () => {
    await assert.rejects(readLoggingConfig('no/log.ini', waitingForReaders), {
      name: 'CommandLineError',
      message: '-lc: cannot read no/log.ini: no such file or directory',
    });
  });

  it('ends the program with one line', () => {
    const { stdout, stderr, status } = run('nonsense');
    assert.deepEqual([stdout, stderr, status], ["log.ini:1: 'nonsense' is before the first [section]\n", '', 2]);
  });
});
