#!/usr/bin/env bash
# Install mqlab from this checkout into MQLAB_CI_VENV, in the versions that its tests ran with, and check that it starts.
# An installation stays if the checkout, the Python, its extras and its folder did not change, as in a cache or a job image.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

which_python='import sys; print(sys.version, sys.executable); sys.exit(sys.version_info < (3, 11))'
if ! python=$("$MQLAB_CI_PYTHON" -c "$which_python"); then
  echo "MQLAB_CI_PYTHON=$MQLAB_CI_PYTHON is no Python of 3.11 or newer${python:+, but $python}" >&2
  exit 2
fi

known=$(sed -n '/^\[project.optional-dependencies\]/,/^\[project.scripts\]/s/^\([a-z0-9-]*\) = \[.*/\1/p' "$root/pyproject.toml" | paste -sd' ')
unknown() { # pip says no more of one than a warning
  echo "MQLAB_CI_EXTRAS=$MQLAB_CI_EXTRAS names no extras of mqlab, as [amqp] does; there are: $known" >&2
  exit 2
}
if [ -n "$MQLAB_CI_EXTRAS" ]; then
  [[ $MQLAB_CI_EXTRAS =~ ^\[[a-z0-9,\ -]*[a-z][a-z0-9,\ -]*\]$ ]] || unknown
  for extra in $(tr '[],' ' ' <<<"$MQLAB_CI_EXTRAS"); do
    [[ " $known " == *" $extra "* ]] || unknown
  done
fi

stamp() { # all that is installed from: every file by its checksum
  printf '%s\n' "$python" "$MQLAB_CI_EXTRAS" "$MQLAB_CI_VENV"
  cd "$root" && find pyproject.toml constraints.txt lab docker scenarios -type f ! -name '*.pyc' -exec cksum {} + | LC_ALL=C sort
}

wanted=$(stamp)
if [ "$wanted" != "$(cat "$MQLAB_CI_VENV/stamp" 2>/dev/null)" ]; then
  "$MQLAB_CI_PYTHON" -m venv --clear "$MQLAB_CI_VENV"
  "$MQLAB_CI_VENV/bin/pip" install --quiet --disable-pip-version-check --prefer-binary -c "$root/constraints.txt" "$root$MQLAB_CI_EXTRAS"
  echo "$wanted" >"$MQLAB_CI_VENV/stamp"
fi
"$mqlab" --version
