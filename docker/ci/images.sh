#!/usr/bin/env bash
# Load the images from the cache's file; build them and write that file where it is not there, or is refused: it was damaged, or
# has the images of another mqlab. Whatever else goes wrong, such as an engine that is away or a job that is cancelled, leaves it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

if [ "$MQLAB_CI_RUNTIME" != emulation ]; then
  echo "a simulation needs no images"
  exit 0
fi
needs_mqlab
file=$MQLAB_CI_HOME/images.tar
if [ -e "$file" ]; then
  code=0
  "$mqlab" images --load "$file" || code=$?
  if [ "$code" != 2 ]; then exit "$code"; fi
fi
rm -f "$file" "$file.sha256" "$file.part" # the last is what a killed job leaves
"$mqlab" images --save "$file"
