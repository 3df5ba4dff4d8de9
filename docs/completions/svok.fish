# Completion of svok for fish.
complete -c svok -f -a '(__fish_complete_directories (commandline -ct))'
complete -c svok -f -a '/etc/service/*'
complete -c svok -l help -d 'Print a summary'
complete -c svok -l version -d 'Print the version'
