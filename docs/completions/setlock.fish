# Completion of setlock for fish.
complete -c setlock -s n -d 'No delay: give up if somebody else has the lock'
complete -c setlock -s N -d 'Wait for the lock'
complete -c setlock -s x -d 'Exit 0 without a word if there is no lock to be had'
complete -c setlock -s X -d 'Say so, and exit 111'
