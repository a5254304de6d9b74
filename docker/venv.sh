#!/usr/bin/env bash
# Make a virtual environment: docker/venv.sh PYTHON FOLDER [simulation]
# From the lock file, every package checked by its hash; for a simulation nothing is compiled, and versions alone are checked.
set -euo pipefail
python=$1 venv=$2 runtime=${3:-emulation}

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "mqlab needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || true)" >&2
  echo "  install one, or name it: make PYTHON=python3.12 ..." >&2
  exit 3
fi
missing=()
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then missing+=(python3-venv); fi # apart from Python on Debian and Ubuntu
needed="Python's venv module"
if [ "$runtime" != simulation ]; then
  needed+=", a C compiler and Python's C headers (Python.h)"
  # python-qpid-proton, of the extra mqlab[amqp], has no wheel: its C is compiled here. TLS is Python's own, so OpenSSL is not needed for it.
  if ! command -v cc >/dev/null && ! command -v gcc >/dev/null; then missing+=(gcc libc6-dev); fi
  if ! "$python" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))'; then
    missing+=("$("$python" -c 'import sys; print("libpython%d.%d-dev" % sys.version_info[:2])')")
  fi
fi
if [ ${#missing[@]} -gt 0 ]; then
  if ! command -v apt-get >/dev/null; then
    echo "mqlab needs, to be installed with your system's package manager:" >&2
    echo "  $needed" >&2
    echo "  missing here; on Debian they are called: ${missing[*]}" >&2
    exit 3
  fi
  sudo=""
  [ "$(id -u)" = 0 ] || sudo=sudo
  echo "installing ${missing[*]}"
  $sudo apt-get update -qq || echo "apt-get could not update its lists; trying with those that are there" >&2
  if ! DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    echo "apt-get could not install ${missing[*]}: install them yourself, for '$python': $needed" >&2
    exit 3
  fi
fi
echo "making $venv"
builders=$(mktemp)
(while sleep 5 && kill -0 $$ 2>/dev/null; do echo "  still making $venv after $SECONDS s"; done) &
ticks=$!
trap 'kill "$ticks" 2>/dev/null; rm -f "$builders"' EXIT
"$python" -m venv --clear "$venv"
if [ "$runtime" = simulation ]; then
  "$venv/bin/pip" install -q --prefer-binary -c constraints.txt .
  exit 0
fi
# What compiles is pinned too: without isolation pip builds with what is installed, and fetches nothing beside the lock.
awk '/^[^ #]/ { wanted = /^(cffi|pycparser|setuptools)==/ } wanted' requirements.lock >"$builders"
"$venv/bin/pip" install -q --require-hashes -r "$builders"
# PKG_CONFIG_LIBDIR: neither OpenSSL nor Cyrus SASL are compiled in where they happen to be there. -O1 takes 8 s instead of 20.
CFLAGS="${CFLAGS:--O1 -g0}" PKG_CONFIG_LIBDIR="" \
  "$venv/bin/pip" install -q --require-hashes --no-build-isolation -r requirements.lock
"$venv/bin/pip" install -q --no-deps --no-build-isolation --editable .
