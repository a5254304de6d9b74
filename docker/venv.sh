#!/usr/bin/env bash
# Make the virtual environment from the lock file, every package checked by hash: docker/venv.sh PYTHON FOLDER
set -euo pipefail
python=$1 venv=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "mqlab needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || true)" >&2
  echo "  install one, or name it: make PYTHON=python3.12 ..." >&2
  exit 3
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  # Debian and Ubuntu keep these apart from Python itself.
  if command -v apt-get >/dev/null; then
    sudo=""
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "installing python3-venv"
    $sudo apt-get update -qq
    DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  else
    echo "'$python' has no venv module: install it with your system's package manager" >&2
    exit 3
  fi
fi
echo "making $venv"
"$python" -m venv --clear "$venv"
"$venv/bin/pip" install -q --require-hashes -r requirements.lock
"$venv/bin/pip" install -q --no-deps --no-build-isolation --editable .
