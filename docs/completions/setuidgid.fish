# Completion of setuidgid for fish.
complete -c setuidgid -x -n 'test (count (commandline -opc | string match -v -- -s)) -eq 1' -a '(__fish_complete_users)'
complete -c setuidgid -x -n 'test (count (commandline -opc | string match -v -- -s)) -ge 2' -a '(__fish_complete_subcommand)'
complete -c setuidgid -n '__fish_is_first_token' -s s -d 'Keep the groups of the account'
