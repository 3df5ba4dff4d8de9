# Completion of svprobe for bash.
_svprobe() {
    local word=${COMP_WORDS[COMP_CWORD]}
    case ${COMP_WORDS[COMP_CWORD - 1]} in
        --timeout) ;;
        unix | file) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        exec | --) mapfile -t COMPREPLY < <(compgen -c -- "$word") ;;
        *)
            mapfile -t COMPREPLY < <(compgen -W 'tcp unix http redis postgres mysql mongo smtp websocket memcached amqp exec file
                --timeout -h --help -V --version' -- "$word")
            ;;
    esac
}
complete -F _svprobe svprobe
