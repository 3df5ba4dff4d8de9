# Completion of update-service for fish.
complete -c update-service -f
complete -c update-service -s a -l add -d 'Have a directory supervised'
complete -c update-service -s r -l remove -d 'Take a service out, and end it'
complete -c update-service -s l -l list -d 'List the services, or show one'
complete -c update-service -s c -l check -d 'Tell by the exit status alone'
complete -c update-service -n '__fish_seen_argument -s a -l add' -a '(__fish_complete_directories (commandline -ct))'
complete -c update-service -n '__fish_seen_argument -s l -l list -s c -l check' -a '(command ls /etc/service 2>/dev/null)'
complete -c update-service -n '__fish_seen_argument -s r -l remove' -a '(command readlink /etc/service/*)'
