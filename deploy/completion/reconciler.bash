# Completion of reconciler for bash. The program itself answers: from its own definitions, and from what was fetched last.

_reconciler() {
  local word line i typed=$COMP_LINE whole=()
  # `=` and `:` are words of their own to bash. What no space stands before belongs to the word before it.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if ((i > 0)) && [[ $typed != [[:space:]]* && -n $typed ]]; then
      whole[-1]+=$word
    else
      whole+=("$word")
    fi
    typed=${typed#"${typed%%[![:space:]]*}"}
    typed=${typed:${#word}}
  done
  local last=${whole[-1]} current=${COMP_WORDS[COMP_CWORD]}
  [[ $current != [=:] ]] || current=
  # bash replaces its own last word alone.
  local before=${last%"$current"}
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :files)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
        ;;
      :folders)
        compopt -o filenames 2>/dev/null
        while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -d -- "$current")
        ;;
      *)
        word=${line%%$'\t'*}
        COMPREPLY+=("${word#"$before"}")
        ;;
    esac
  done < <("${whole[0]}" complete -- "${whole[@]:1}" 2>/dev/null)
}

complete -F _reconciler reconciler
