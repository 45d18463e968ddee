/** Completion in fish. */
import type { Completed, Completion } from './completion-of-table.js';

/** As a file `name.fish` in the folder of fish's completions, or read with `source`. */
export function fishScript({ name, purpose, options, takesFiles }: Completion): string {
  return `# ${purpose}
function __${name}_offers -a own -d 'Whether none of the other arguments is there yet; true behind one of own, whose value comes then'
    set -l words (commandline -opc)
    contains -- $words[-1] (string split ' ' -- $own); and return 0
    for name in $argv[2..-1]
        if string match -q -- $name $words; or string match -q -- "$name=*" $words
            return 1
        end
    end
    return 0
end

complete -c ${name} -e
${takesFiles ? '' : `complete -c ${name} -f\n`}${options.map((option) => completion(name, option)).join('')}`;
}

function completion(program: string, { names, description, value, excludes }: Completed): string {
  // fish takes the '=' of '-x=' for the beginning of a value, unless it is a word like any other.
  const words = names.filter((name) => name.endsWith('='));
  const switches = names.filter((name) => !words.includes(name));
  const condition = `__${program}_offers "${value === 'none' ? '' : names.join(' ')}" ${excludes.join(' ')}`;
  const begun = 'string match -q -- "-*" (commandline -ct)';
  const described = `-d ${quoted(description)}`;
  return [
    [`-n ${quoted(condition)}`, ...switches.map(asSwitch), ...action(value), described],
    ...words.map((word) => [`-n ${quoted(`${condition}; and ${begun}`)}`, `-a ${quoted(word)}`, described]),
  ]
    .map((parts) => `complete -c ${program} ${parts.join(' ')}\n`)
    .join('');
}

function asSwitch(name: string): string {
  if (name.startsWith('--')) return `-l ${name.slice(2)}`;
  return name.length === 2 ? `-s ${name.slice(1)}` : `-o ${name.slice(1)}`;
}

function action(value: Completed['value']): readonly string[] {
  switch (value) {
    case 'none':
      return [];
    case 'any':
      return ['-x'];
    case 'file':
      return ['-r', '-F'];
    case 'folder':
      return ['-x', "-a '(__fish_complete_directories)'"];
    default:
      return ['-x', `-a ${quoted(value.join(' '))}`];
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
