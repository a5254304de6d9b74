#!/usr/bin/env bash
# Install what only the tests and the benches need: `ip` and `nft` for network namespaces, mosquitto's clients as somebody else's MQTT, a JDK for a client in Java,
# a browser to open reports in, npm to check their scripts, ssh and an sshd, and the schema that Jenkins checks JUnit XML by.
set -euo pipefail

# The schema is no file of ours: pytest's source archive carries it (MIT licence). Its digest is checked by the test.
cache="${MQLAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/mqlab}/tests"
schema="$cache/junit-10.xsd"
if ! [ -s "$schema" ] && [ -x .venv/bin/python ]; then
  echo "tests: fetching Jenkins' schema of JUnit XML"
  folder=$(mktemp -d)
  if .venv/bin/python -m pip download -q --no-deps --no-binary pytest -d "$folder" pytest==9.2.0; then
    mkdir -p "$(dirname "$schema")"
    tar xzf "$folder"/pytest-*.tar.gz --wildcards -O '*/testing/example_scripts/junit-10.xsd' >"$schema.unfinished"
    mv "$schema.unfinished" "$schema"
  else
    echo "tests: no schema of JUnit XML; the test that needs it will say so and skip" >&2
  fi
  rm -rf "$folder"
fi

# As the Makefile has it: what is looked for here is to be found by the tests and the benches too.
PATH=$PATH:/usr/sbin:/sbin
missing=()
command -v ip >/dev/null || missing+=(iproute2)
command -v nft >/dev/null || missing+=(nftables)
command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v npm >/dev/null || missing+=(nodejs npm)
command -v ssh >/dev/null || missing+=(openssh-client)
# Unpacked and not installed: the package would start a server that lets others into this machine.
command -v sshd >/dev/null || [ -x "$cache/sshd/usr/sbin/sshd" ] || missing+=(openssh-server)
browser=""
for name in chromium chromium-browser google-chrome google-chrome-stable; do
  command -v "$name" >/dev/null && browser=$name
done
[ -n "$browser" ] || missing+=(chromium fonts-dejavu-core)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "tests: ${missing[*]} missing; the tests that need them will say so and skip" >&2
  exit 0
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "tests: installing ${missing[*]}"
$sudo apt-get update -qq || echo "tests: apt-get could not update its lists; trying with those that are there" >&2
if [[ " ${missing[*]} " == *" chromium "* ]] && ! apt-cache policy chromium | grep 'Candidate: [0-9]' >/dev/null; then
  echo "tests: no package of chromium here; the tests that need a browser will say so and skip" >&2
  kept=()
  for package in "${missing[@]}"; do [ "$package" = chromium ] || kept+=("$package"); done
  missing=("${kept[@]}")
fi
# Fetch an sshd to where the tests look for it.
unpack_sshd() {
  local folder
  folder=$(mktemp -d) || return
  (cd "$folder" && apt-get download -qq -o APT::Sandbox::User=root openssh-server libwrap0 >/dev/null) &&
    (for package in "$folder"/*.deb; do dpkg -x "$package" "$folder/unpacked" || exit; done) &&
    mkdir -p "$cache" && rm -rf "$cache/sshd" && mv "$folder/unpacked" "$cache/sshd"
  local code=$?
  rm -rf "$folder"
  return $code
}
if [[ " ${missing[*]} " == *" openssh-server "* ]]; then
  unpack_sshd || echo "tests: apt-get could not fetch an sshd; the tests that need it will say so and skip" >&2
  kept=()
  for package in "${missing[@]}"; do [ "$package" = openssh-server ] || kept+=("$package"); done
  missing=("${kept[@]}")
fi
[ ${#missing[@]} -gt 0 ] || exit 0
if ! DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
  echo "tests: apt-get could not install ${missing[*]}; what needs them will say so and be left out" >&2
fi
