# Completion of diaspora_svc for bash.
_diaspora_svc() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --dir) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        --timeout) ;;
        *)
            mapfile -t COMPREPLY < <(compgen -W 'start stop restart status startall stopall
                restartall statusall --dir --timeout --wait --verbose -h --help -V --version' -- "$word")
            ;;
    esac
}
complete -F _diaspora_svc diaspora_svc diaspora_svc.sh
