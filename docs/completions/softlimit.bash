# Completion of softlimit for bash: its options, then the program that it runs.
_softlimit() {
    local word=${COMP_WORDS[COMP_CWORD]} at=1
    while [[ ${COMP_WORDS[at]} == -* ]] && ((at < COMP_CWORD)); do
        ((at += 2))
    done
    if [[ $word == -* ]] && ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -W '-a -c -d -f -l -m -o -p -r -s -t' -- "$word")
    elif ((at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    elif ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
    fi
}
complete -o default -F _softlimit softlimit
