# Completion of svstat for fish.
complete -c svstat -f -a '(__fish_complete_directories (commandline -ct))'
complete -c svstat -f -a '/etc/service/*'
complete -c svstat -l strict -d 'Exit 100 or 111 on trouble with a directory'
complete -c svstat -l json -d 'One JSON object a directory'
complete -c svstat -l help -d 'Print a summary of the options'
complete -c svstat -l version -d 'Print the version'
