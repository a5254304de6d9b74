#!/usr/bin/env bash
# Load the images from the cache's file; build them and write that file where it is not there, or is not what was saved.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

if [ "$MQLAB_CI_RUNTIME" != emulation ]; then
  echo "a simulation needs no images"
  exit 0
fi
needs_mqlab
file=$MQLAB_CI_HOME/images.tar
if [ -e "$file" ] && "$mqlab" images --load "$file"; then exit 0; fi
rm -f "$file" "$file.sha256" "$file.part" # the last is what a killed job leaves
"$mqlab" images --save "$file"
