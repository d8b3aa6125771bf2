#!/bin/sh
# Runs a command as root: Postfix's master starts as root, and everything else of the lab gives root up again.
# Where that is not possible it says what to run, and ends with 2.
set -eu

if [ "$(id -u)" = 0 ]; then
    exec "$@"
elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null 2>&1 && sudo -v; }; then
    exec sudo -E "$@"
fi
printf 'sekisho: root (or sudo) is needed, since Postfix starts as root. Run this as root:\n  cd %s && %s\n' "$PWD" "$*" >&2
exit 2
