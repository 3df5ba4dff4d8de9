# Completion of svok for bash.
_svok() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '--help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/etc/service/}") ;;
    esac
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _svok svok
