#compdef weir
# zsh completion of weir: the subcommands (a test compares them with `weir --help`); options are asked
# of the program itself.
_weir() {
  local -a subcommands ca feeds sandbox history quarantine api options
  subcommands=(run check explain scan ca verify-chain passwd bypass-candidates block allow unlist
    listed feeds sandbox events policy history timeline retro quarantine doctor
    backup restore api)
  ca=(show export rotate request install)
  feeds=(status refresh search diff accept formats)
  sandbox=(status show rejudge)
  history=(hash host domain client user url file)
  quarantine=(list show release delete fetch rescan)
  api=(token)
  if (( CURRENT == 2 )); then
    compadd -- $subcommands --help --version
  elif [[ $words[CURRENT] == -* ]]; then
    options=(${(f)"$($words[1] $words[2] --help 2>/dev/null | grep -oE -- '--[a-z-]+' | sort -u)"})
    compadd -- $options
  elif [[ $words[2] == (ca|feeds|sandbox|history|quarantine|api) && CURRENT -eq 3 ]]; then
    compadd -- ${(P)words[2]}
  else
    _files
  fi
}
_weir "$@"
