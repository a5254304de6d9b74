#!/bin/sh
# Runs once inside the new root, as root, whichever way it was made (mmdebstrap or a pulled image).
set -eu

# A file capability makes exec fail under --cap-drop ALL; without it ping uses an unprivileged ICMP socket.
if getcap "$(readlink -f "$(command -v ping)")" | grep -q cap_; then
    setcap -r "$(readlink -f "$(command -v ping)")"
fi

# Nobody reads manuals in a container. The packages' own scripts needed these folders until now.
rm -rf /usr/share/doc/* /usr/share/man/* /usr/share/locale/* /usr/share/info/* /usr/share/lintian
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb /var/cache/ldconfig /var/cache/debconf/*-old
rm -f /var/log/*.log /var/log/apt/*
