#!/usr/bin/env bash
# Have a Docker engine: what `make engine` runs. One that answers is used as it is and never changed; otherwise, on Debian and
# Ubuntu, docker.io is installed and started. Ends with 0 when an engine answers, with 3 and a remedy when none can be had.
set -euo pipefail

socket=/var/run/docker.sock
log=${MQLAB_DOCKERD_LOG:-/var/log/mqlab-dockerd.log}
patience=60 # seconds for a started engine to answer

say() { printf 'engine: %s\n' "$*" >&2; }
give_up() { # WHAT REMEDY...
    printf 'engine: %s\n' "$1" >&2
    shift
    printf '  %s\n' "$@" >&2
    exit 3
}

# Ask by the API: the docker command need not be there. Prints the engine's version.
ask() {
    if command -v docker >/dev/null; then
        docker version --format '{{.Server.Version}}' 2>&1
    elif command -v curl >/dev/null && [ -z "${DOCKER_HOST:-}" ]; then
        curl -sS --max-time 5 --unix-socket "$socket" http://localhost/version 2>&1 | sed -n 's/.*"Version":"\([^"]*\)".*/\1/p' | grep .
    else
        echo "no client"
        return 1
    fi
}

# Run as root, with sudo where needed; without a terminal nobody can type a password.
root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
}
may_be_root() { [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; }; }

if answer=$(ask); then
    say "Docker $answer answers, used as it is"
    exit 0
fi
if [ -n "${DOCKER_HOST:-}" ]; then
    give_up "no engine answers at DOCKER_HOST=$DOCKER_HOST" "$answer" "start it, or unset DOCKER_HOST to use an engine on this machine"
fi
refused() {
    give_up "a Docker engine runs here, and you may not use it (no permission on $socket)" \
        "add yourself to the group docker, then log in again:   sudo usermod -aG docker $(id -un)" "or run as root"
}
if [ -S "$socket" ] && [ ! -w "$socket" ] && pgrep -x dockerd >/dev/null; then refused; fi

if ! command -v dockerd >/dev/null; then
    [ "$(uname -s)" = Linux ] || give_up "no Docker engine answers" "start Docker Desktop, or whatever engine this machine has"
    command -v apt-get >/dev/null ||
        give_up "no Docker engine here, and this is neither Debian nor Ubuntu" "install Docker 20.10 or newer with your system's package manager, start it, and try again"
    may_be_root || give_up "no Docker engine here, and installing one needs root" "run as root, or with sudo:   sudo bash docker/engine.sh"
    say "no Docker engine here: installing docker.io"
    root apt-get update -q >/dev/null || say "apt-get update failed, trying with the lists there are"
    # Where the system forbids packages to start their services (policy-rc.d), we start the engine below.
    root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends docker.io iptables >/dev/null ||
        give_up "apt-get could not install docker.io" "look at its messages above; install Docker 20.10 or newer yourself, and try again"
fi
may_be_root || give_up "the Docker engine does not run, and starting it needs root" "start it:   sudo systemctl start docker"

if [ -d /run/systemd/system ] && [ "$(cat /proc/1/comm)" = systemd ]; then
    log="journalctl -u docker"
    show_log() { root journalctl -u docker -n 20 --no-pager; }
    alive() { :; }
    say "starting docker.service"
    root systemctl start docker >&2 || { show_log >&2 || true; give_up "systemd could not start docker" "its last lines are above ($log)"; }
else
    show_log() { root tail -n 20 "$log"; }
    say "starting dockerd, its log is $log"
    root rm -f /var/run/docker.pid
    # setsid: the engine outlives this shell and a Ctrl-C in it.
    root setsid --fork sh -c 'exec dockerd >>"$1" 2>&1 </dev/null' dockerd "$log"
    alive() { pgrep -x dockerd >/dev/null; }
    root sh -c 'command -v iptables >/dev/null' || say "iptables is missing: the engine may not start"
fi

started=$SECONDS
until answer=$(ask); do
    if [ -S "$socket" ] && [ ! -w "$socket" ]; then refused; fi
    if [ $((SECONDS - started)) -ge "$patience" ] || { [ $((SECONDS - started)) -ge 3 ] && ! alive; }; then
        show_log >&2 || true
        give_up "the Docker engine did not answer within $((SECONDS - started)) s: $answer" "its last lines are above ($log)"
    fi
    sleep 0.2
done
say "Docker $answer answers"
