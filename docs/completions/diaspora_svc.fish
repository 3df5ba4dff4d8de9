# Completion of diaspora_svc for fish.
complete -c diaspora_svc -f
complete -c diaspora_svc -n __fish_is_first_token -a 'start stop restart status startall stopall restartall statusall'
complete -c diaspora_svc -l dir -x -a '(__fish_complete_directories)' -d 'The scan directory'
complete -c diaspora_svc -l timeout -x -d 'How many seconds a service may take'
complete -c diaspora_svc -l wait -d 'start, restart: wait until each service is ready'
complete -c diaspora_svc -l verbose -d 'status: show everything that a service waits for'
complete -c diaspora_svc -s h -l help -d 'Print help'
complete -c diaspora_svc -s V -l version -d 'Print the version'
complete -c diaspora_svc.sh -w diaspora_svc
