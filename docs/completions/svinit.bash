# Completion of svinit for bash: its options and a directory, then the program.
_svinit() {
    local word=${COMP_WORDS[COMP_CWORD]} at
    for ((at = 1; at < COMP_CWORD; at++)); do
        [[ ${COMP_WORDS[at]} != -- ]] || break
    done
    if ((++at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    elif ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
    else
        case $word in
            -*) mapfile -t COMPREPLY < <(compgen -W '--main= --stop-timeout= --state= --plain --help --version' -- "$word") ;;
            *) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        esac
        [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _svinit svinit
