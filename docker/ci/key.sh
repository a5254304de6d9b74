#!/usr/bin/env bash
# Say under which key the file of images is cached: on stdout, and to GITHUB_OUTPUT where there is one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

if [ "$MQLAB_CI_RUNTIME" != emulation ]; then
  key=mqlab-no-images
else
  needs_mqlab
  key=$("$mqlab" images --key ${releases[@]+"${releases[@]}"})
fi
echo "$key" | tee "$MQLAB_CI_KEY_FILE"
if [ -n "${GITHUB_OUTPUT:-}" ]; then echo "key=$key" >>"$GITHUB_OUTPUT"; fi
