# bash completion for pdb
_pdb() {
  local current="${COMP_WORDS[COMP_CWORD]}"
  [[ $current == [:=] ]] && current=""
  local line="${COMP_LINE:0:COMP_POINT}"
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" __complete bash "$line" "$current" 2>/dev/null))
  if [[ ${COMPREPLY[0]} == ":files" ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _pdb pdb
