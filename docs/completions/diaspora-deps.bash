# Completion of diaspora-deps for bash.
_diaspora_deps() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= at
    local all='--services --settings --dir -h --help'
    local services='mongo nginx redis websocket resque_worker thin postgres puma sidekiq smtp web'
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
            --services | --settings | --dir) ((at++)) ;;
            exec | wait | check | graph | lint | install)
                command=${COMP_WORDS[at]}
                break
                ;;
        esac
    done
    case $before in
        --services | --settings)
            mapfile -t COMPREPLY < <(compgen -f -- "$word")
            return
            ;;
        --dir)
            mapfile -t COMPREPLY < <(compgen -d -- "$word")
            return
            ;;
        --format)
            mapfile -t COMPREPLY < <(compgen -W 'text dot mermaid' -- "$word")
            return
            ;;
        --set)
            mapfile -t COMPREPLY < <(compgen -W 'diaspora modern' -- "$word")
            return
            ;;
        --thin | --timeout | -a) return ;;
    esac
    case $command:$word in
        :-*) mapfile -t COMPREPLY < <(compgen -W "$all -V --version" -- "$word") ;;
        :*) mapfile -t COMPREPLY < <(compgen -W 'exec wait check graph lint install' -- "$word") ;;
        wait:-*) mapfile -t COMPREPLY < <(compgen -W "-a --timeout -v --verbose $all" -- "$word") ;;
        exec:-*) mapfile -t COMPREPLY < <(compgen -W "--timeout -v --verbose $all" -- "$word") ;;
        check:-*) mapfile -t COMPREPLY < <(compgen -W "--json --nagios $all" -- "$word") ;;
        graph:-*) mapfile -t COMPREPLY < <(compgen -W "--format --state $all" -- "$word") ;;
        install:-*) mapfile -t COMPREPLY < <(compgen -W "--thin --set --with-settings $all" -- "$word") ;;
        *:-*) mapfile -t COMPREPLY < <(compgen -W "$all" -- "$word") ;;
        lint:* | install:*) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$services" -- "$word") ;;
    esac
}
complete -F _diaspora_deps diaspora-deps
