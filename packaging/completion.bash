# bash completion of weir. The subcommands are here (a test compares them with `weir --help`); options
# are asked of the program itself.
_weir() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} sub=${COMP_WORDS[1]}
  local subcommands='run check explain scan ca verify-chain passwd bypass-candidates block allow
    unlist listed feeds sandbox events policy history timeline retro quarantine doctor
    backup restore api'
  local ca='show export rotate request install'
  local feeds='status refresh search diff accept formats'
  local sandbox='status show rejudge'
  local history='hash host domain client user url file'
  local quarantine='list show release delete fetch rescan' api='token'
  COMPREPLY=()
  case $previous in
    -c|--config|--password-list|--policy|--chain|--ca)
      COMPREPLY=($(compgen -f -- "$current")); return ;;
    --verdict)
      COMPREPLY=($(compgen -W 'clean suspicious uninspectable malicious' -- "$current")); return ;;
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    COMPREPLY=($(compgen -W "$subcommands --help --version" -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "$sub" --help 2>/dev/null |
      grep -oE '^ +(-[a-z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+')" -- "$current"))
  elif [[ $sub == @(ca|feeds|sandbox|history|quarantine|api) && $COMP_CWORD == 2 ]]; then
    COMPREPLY=($(compgen -W "${!sub}" -- "$current"))
  elif [ "$sub" = scan ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _weir weir
