# Completion of svstat for bash.
_svstat() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '--strict --json --help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/etc/service/}") ;;
    esac
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _svstat svstat
