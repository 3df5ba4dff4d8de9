# Completion of svc for bash.
_svc() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case $word in
        -*) mapfile -t COMPREPLY < <(compgen -W '-u -d -o -p -c -h -a -i -t -k -x -q -1 -2 --tree --strict --wait --wait=ready --timeout= --help --version' -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/etc/service/}") ;;
    esac
    [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
}
complete -F _svc svc
