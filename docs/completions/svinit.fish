# Completion of svinit for fish.
complete -c svinit -f -a '(__fish_complete_directories (commandline -ct))'
complete -c svinit -l main -x -a '(path basename /etc/service/*/)' -d 'Stop all when this service has ended for good'
complete -c svinit -l stop-timeout -x -d 'Kill what still runs N seconds after the stop began'
complete -c svinit -l state -x -a '(__fish_complete_directories (commandline -ct))' -d 'Where supervise/ is made if need be'
complete -c svinit -l plain -d 'Services get standard input, output and error as they are'
complete -c svinit -l help -d 'Print a summary of the options'
complete -c svinit -l version -d 'Print the version'
