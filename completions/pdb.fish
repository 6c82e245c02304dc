# fish completion for pdb
function __pdb_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct | string replace -r '^["\']' '' | string unescape)
  set -l candidates (command $words[1] __complete fish $words[2..] -- "$current" 2>/dev/null)
  if test "$candidates[1]" = ":files"
    __fish_complete_path (commandline -ct)
  else
    printf '%s\n' $candidates
  end
end
complete -c pdb -f -a '(__pdb_complete)'
