# Completion of svprobe for fish.
complete -c svprobe -n __fish_is_first_token -f -a 'tcp unix http redis postgres mysql mongo smtp websocket memcached amqp exec file'
complete -c svprobe -l timeout -x -d 'The seconds that all of it may take'
complete -c svprobe -s h -l help -d 'Print help'
complete -c svprobe -s V -l version -d 'Print the version'
