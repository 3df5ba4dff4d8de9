# Completion of notifyfd for fish.
complete -c notifyfd -x -a '(__fish_complete_subcommand)'
complete -c notifyfd -l fd -x -d 'Descriptor of ready-fd (3)'
complete -c notifyfd -l watchdog -x -d 'Abort the program if it is silent that long'
complete -c notifyfd -l socket -r -d 'Where the socket is'
complete -c notifyfd -l help -d 'Print a summary of the options'
complete -c notifyfd -l version -d 'Print the version'
