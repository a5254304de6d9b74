#!/usr/bin/env bash
# Load the images from the cache's file; build them and write that file where it is not there, or is refused: it was damaged, or
# has the images of another mqlab. Whatever else goes wrong leaves it: a job that is cancelled ends, and where the engine does not
# take what is in a good file they are built, which also says whether there is an engine at all.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

if [ "$MQLAB_CI_RUNTIME" != emulation ]; then
  echo "a simulation needs no images"
  exit 0
fi
needs_mqlab
if [ -z "$MQLAB_CI_ACTIVEMQ" ]; then
  echo "the cache has the images of the default engine version alone; if scenarios have brokers of 5.19 too, set"
  echo "MQLAB_CI_ACTIVEMQ=\"5.18.3 5.19.1\", or each job builds them anew"
fi
file=$MQLAB_CI_HOME/images.tar
if [ -e "$file" ]; then
  code=0
  "$mqlab" images --load "$file" ${releases[@]+"${releases[@]}"} || code=$?
  case $code in
  2) ;;
  3)
    echo "$file stays, and the images are built" >&2
    exec "$mqlab" images ${releases[@]+"${releases[@]}"}
    ;;
  *) exit "$code" ;;
  esac
fi
rm -f "$file" "$file.sha256" "$file.part" # the last is what a killed job leaves
"$mqlab" images --save "$file" ${releases[@]+"${releases[@]}"}
