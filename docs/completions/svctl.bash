# Completion of svctl for bash.
_svctl() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= at
    local all='--dir -h --help' names=() dir=()
    local commands='list status logs top metrics lint version start stop restart reload signal once pause continue enable disable access'
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --dir) dir=(--dir "${COMP_WORDS[++at]}") ;;
            --dir=*) dir=("${COMP_WORDS[at]}") ;;
            -*) ;;
            *)
                command=${COMP_WORDS[at]}
                break
                ;;
        esac
    done
    case $before in
        --dir)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        --output)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --status | --control)
            mapfile -t COMPREPLY < <(compgen -g -W 'owner all' -- "$word")
            return
            ;;
        --timeout | --lines | -n | --every | --listen) return ;;
    esac
    case $command:$word in
        signal:[!-]* | signal:)
            if [[ $before = signal ]]; then
                mapfile -t COMPREPLY < <(compgen -W 'HUP INT QUIT ALRM TERM KILL USR1 USR2 STOP CONT' -- "$word")
                return
            fi
            ;;&
        :-*) mapfile -t COMPREPLY < <(compgen -W "$all -V --version" -- "$word") ;;
        :*) mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$word") ;;
        list:-*) mapfile -t COMPREPLY < <(compgen -W "-a --all --json --names $all" -- "$word") ;;
        status:-*) mapfile -t COMPREPLY < <(compgen -W "-n --lines $all" -- "$word") ;;
        logs:-*) mapfile -t COMPREPLY < <(compgen -W "-f --follow -n --lines $all" -- "$word") ;;
        metrics:-*) mapfile -t COMPREPLY < <(compgen -W "--output --every --listen --processes $all" -- "$word") ;;
        start:-* | stop:-* | restart:-*)
            mapfile -t COMPREPLY < <(compgen -W "--no-wait --timeout --tree $all" -- "$word")
            ;;
        disable:-*) mapfile -t COMPREPLY < <(compgen -W "--timeout $all" -- "$word") ;;
        access:-*) mapfile -t COMPREPLY < <(compgen -W "--status --control $all" -- "$word") ;;
        *:-*) mapfile -t COMPREPLY < <(compgen -W "$all" -- "$word") ;;
        version:* | metrics:* | top:*) ;;
        *:*/*) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        *)
            [[ $command = list ]] || dir+=(-a)
            mapfile -t names < <(svctl list --names "${dir[@]}" 2>/dev/null)
            mapfile -t COMPREPLY < <(compgen -W "${names[*]}" -- "$word")
            ;;
    esac
}
complete -F _svctl svctl
