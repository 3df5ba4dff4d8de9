# Completion of svwait for bash: its options and directories, then the program.
_svwait() {
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
            -*) mapfile -t COMPREPLY < <(compgen -W '--ready --up --down --gone --any --timeout= --verbose --help --version' -- "$word") ;;
            *) mapfile -t COMPREPLY < <(compgen -d -- "${word:-/etc/service/}") ;;
        esac
        [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _svwait svwait
