// The scripts that make bash, zsh and fish ask pdb itself what may come next. They know
// nothing of the commands, so they never grow old.

enum CompletionScript {
  /// The files of `completions/`.
  static let names = ["bash": "pdb.bash", "zsh": "_pdb", "fish": "pdb.fish"]

  static func text(_ shell: String) -> String {
    switch shell {
    case "bash": bash
    case "zsh": zsh
    default: fish
    }
  }

  /// bash splits words at `:` and `=`, so pdb is given the line itself and what bash takes for
  /// the current word, and answers with what replaces that.
  private static let bash = """
    # bash completion for pdb
    _pdb() {
      local current="${COMP_WORDS[COMP_CWORD]}"
      [[ $current == [:=] ]] && current=""
      local line="${COMP_LINE:0:COMP_POINT}"
      local IFS=$'\\n'
      COMPREPLY=($("${COMP_WORDS[0]}" \(Completer.word) bash "$line" "$current" 2>/dev/null))
      if [[ ${COMPREPLY[0]} == ":files" ]]; then
        compopt -o filenames 2>/dev/null
        COMPREPLY=($(compgen -f -- "$current"))
      elif [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]]; then
        compopt -o nospace 2>/dev/null
      fi
    }
    complete -F _pdb pdb

    """

  private static let zsh = """
    #compdef pdb
    # zsh completion for pdb
    _pdb() {
      local -a candidates
      candidates=("${(@f)$("${words[1]}" \(Completer.word) zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
      [[ ${#candidates} == 1 && -z ${candidates[1]} ]] && return 1
      if [[ ${candidates[1]} == ":files" ]]; then
        _files
        return
      fi
      _describe -V 'pdb' candidates
    }
    if [[ $funcstack[1] == _pdb ]]; then
      _pdb "$@"
    else
      compdef _pdb pdb
    fi

    """

  private static let fish = """
    # fish completion for pdb
    function __pdb_complete
      set -l words (commandline -opc)
      set -l current (commandline -ct | string replace -r '^["\\']' '' | string unescape)
      set -l candidates (command $words[1] \(Completer.word) fish $words[2..] -- "$current" 2>/dev/null)
      if test "$candidates[1]" = ":files"
        __fish_complete_path (commandline -ct)
      else
        printf '%s\\n' $candidates
      end
    end
    complete -c pdb -f -a '(__pdb_complete)'

    """
}
