/** Completion in bash, from 3.2 (macOS) on and without the package bash-completion. */
import { type Completed, type Completion, exclusions, optionsWithValue } from './completion-of-table.js';

export function bashScript({ name, purpose, options, takesFiles }: Completion): string {
  const names = options.flatMap((option) => option.names);
  return `# ${purpose}
_${name}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]} attached= gone=' ' all= index word
  local IFS=$' \\t\\n'
  COMPREPLY=()
  # A word breaks at '=': --name=value comes as three.
  if [[ $cur == = ]]; then
    cur= attached=1
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]} attached=1
  fi
  for ((index = 1; index < \${#COMP_WORDS[@]}; index++)); do
    ((index == COMP_CWORD)) && continue
    case \${COMP_WORDS[index]} in
      --) ((index < COMP_CWORD)) && ${takesFiles ? `{ _${name}_paths default -f "$cur"; return; }` : 'return'} ;;
${exclusions(options)
  .map((group) => `      ${patterns(group)}) gone+='${group.join(' ')} ' ;;`)
  .join('\n')}
    esac
  done
  case $option in
${values(name, options)}
  esac
  [[ -n $attached ]] && return
  ${takesFiles ? `[[ $cur != -* ]] && { _${name}_paths default -f "$cur"; return; }` : '[[ -n $cur && $cur != -* ]] && return'}
  for word in ${names.join(' ')}; do
    [[ $gone == *" $word "* ]] || all+="$word "
  done
  COMPREPLY=($(compgen -W "$all" -- "$cur"))
}

# Readline knows best how a path is quoted; where it cannot be asked to complete one, compgen does.
_${name}_paths() {
  compopt -o "$1" 2>/dev/null && return
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$2" -- "$3"))
}

complete -F _${name} ${name}
`;
}

/** `-x=` comes as the words `-x` and `=`. */
function patterns(names: readonly string[]): string {
  return names.map((name) => name.replace(/=$/, '')).join('|');
}

function values(name: string, options: readonly Completed[]): string {
  return optionsWithValue(options)
    .map(({ names, value }) => `    ${patterns(names)}) ${action(name, value)}return ;;`)
    .join('\n');
}

function action(name: string, value: Completed['value']): string {
  switch (value) {
    case 'none':
    case 'any':
      return '';
    case 'file':
      return `_${name}_paths default -f "$cur"; `;
    case 'folder':
      return `_${name}_paths dirnames -d "$cur"; `;
    default:
      return `COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$cur")); `;
  }
}
