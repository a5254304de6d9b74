#!/usr/bin/env bash
# Install what only the tests need: `ip` and `nft` for network namespaces, mosquitto's clients as somebody else's MQTT.
set -euo pipefail

missing=()
command -v ip >/dev/null || missing+=(iproute2)
command -v nft >/dev/null || [ -x /usr/sbin/nft ] || missing+=(nftables)
command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  echo "tests: ${missing[*]} missing; the tests that need them will say so and skip" >&2
  exit 0
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo=sudo
echo "tests: installing ${missing[*]}"
$sudo apt-get update -qq
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
