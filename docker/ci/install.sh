#!/usr/bin/env bash
# Install mqlab from this checkout into MQLAB_CI_HOME, in the versions that its tests ran with, and check that it starts.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

if [ ! -x "$MQLAB_CI_HOME/venv/bin/mqlab" ]; then
  "$MQLAB_CI_PYTHON" -m venv "$MQLAB_CI_HOME/venv"
  "$MQLAB_CI_HOME/venv/bin/pip" install --quiet --disable-pip-version-check --prefer-binary -c "$root/constraints.txt" "$root$MQLAB_CI_EXTRAS"
fi
"$MQLAB_CI_HOME/venv/bin/mqlab" --version
