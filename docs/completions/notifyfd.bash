# Completion of notifyfd for bash: its options, then the program that it runs.
_notifyfd() {
    local word=${COMP_WORDS[COMP_CWORD]} at=1
    # bash takes an option, its equals sign and its value as three words.
    while ((at < COMP_CWORD)); do
        case ${COMP_WORDS[at]} in
            --)
                ((at += 1))
                break
                ;;
            -* | =) ((at += 1)) ;;
            *)
                [[ ${COMP_WORDS[at - 1]} == "=" ]] || break
                ((at += 1))
                ;;
        esac
    done
    if [[ ${COMP_WORDS[COMP_CWORD - 1]} == "=" || $word == "=" ]]; then
        return
    elif ((at < COMP_CWORD)) && declare -F _command_offset >/dev/null; then
        _command_offset "$at"
    elif [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W '--fd= --watchdog= --socket= --help --version' -- "$word")
        [[ ${COMPREPLY[*]} != *= ]] || compopt -o nospace 2>/dev/null
    elif ((at == COMP_CWORD)); then
        mapfile -t COMPREPLY < <(compgen -c -- "$word")
    fi
}
complete -o default -F _notifyfd notifyfd
