# Completion of update-service for bash.
_update_service() {
    local word=${COMP_WORDS[COMP_CWORD]} services=${SVDIR:-/etc/service}
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W '-a -r -l -c --add --remove --list --check' -- "$word")
        return
    fi
    case ${COMP_WORDS[1]} in
        -a | --add) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/etc/}") ;;
        -r | --remove) mapfile -t COMPREPLY < <(compgen -W "$(readlink "$services"/*)" -- "$word") ;;
        *) mapfile -t COMPREPLY < <(compgen -W "$(ls "$services" 2>/dev/null)" -- "$word") ;;
    esac
}
complete -F _update_service update-service
