# Completion of setlock for bash: its options and its lock file, then the program that it runs.
_setlock() {
    local word=${COMP_WORDS[COMP_CWORD]} at=1
    while [[ ${COMP_WORDS[at]} == -* ]] && ((at < COMP_CWORD)); do
        ((at += 1))
    done
    if [[ $word == -* ]] && ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -W '-n -N -x -X' -- "$word")
    elif ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    elif ((++at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
    elif ((at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    fi
}
complete -o default -F _setlock setlock
