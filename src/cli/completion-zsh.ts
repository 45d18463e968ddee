/** Completion in zsh. `_arguments` would take the `=` of `-x=` for the beginning of a value, so the words are looked at here. */
import { type Completed, type Completion, exclusions, optionsWithValue } from './completion-of-table.js';

/** As a file `_name` in a folder of $fpath, or read with `source` after compinit. */
export function zshScript({ name, purpose, options, takesFiles }: Completion): string {
  return `#compdef ${name}
# ${purpose}
_${name}() {
  local option=\${words[CURRENT-1]} gone=' ' word
  local -a all
  local -i index end=\${words[(ie)--]}
  ((end < CURRENT)) && { ${takesFiles ? '_files; return' : 'return 1'}; }
  [[ $PREFIX == -*=* ]] && option=\${PREFIX%%=*}
  case $option in
${optionsWithValue(options)
  .map(
    ({ names, value }) =>
      `    (${names.join('|')}) [[ $PREFIX == -* ]] && compset -P '*='; ${action(value)}; return ;;`,
  )
  .join('\n')}
  esac
  [[ $PREFIX != -* ]] && { ${takesFiles ? '_files; return' : 'return 1'}; }
  for ((index = 2; index <= $#words; index++)); do
    ((index == CURRENT)) && continue
    case \${words[index]} in
${exclusions(options)
  .map((group) => `      (${group.map((other) => `${other}|${other}=*`).join('|')}) gone+='${group.join(' ')} ' ;;`)
  .join('\n')}
    esac
  done
  for word in ${options.flatMap(described).join(' \\\n    ')}; do
    [[ $gone == *" \${word%%:*} "* ]] || all+=("$word")
  done
  _describe -o option all
}

if [[ $funcstack[1] == _${name} ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

/** `name:description` for each name. */
function described({ names, description }: Completed): readonly string[] {
  return names.map((name) => `'${`${name}:${description}`.replaceAll("'", "'\\''")}'`);
}

function action(value: Completed['value']): string {
  switch (value) {
    case 'none':
    case 'any':
      return '_message value';
    case 'file':
      return '_files';
    case 'folder':
      return '_files -/';
    default:
      return `compadd -- ${value.join(' ')}`;
  }
}
