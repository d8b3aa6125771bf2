#!/bin/sh
# Installs what sekisho's commands need on Debian 12 or 13 (or another Debian with Python 3.11 to 3.13): the missing
# Debian packages, then .venv from the lock file. Run again it looks at a stamp and ends at once.
#
# Only packages that are missing are installed, and nothing installed is ever removed or reconfigured.
# Postfix is told "No configuration" only when it is not there yet, and no service starts meanwhile: the
# machine's own mail system stays exactly as it was. Ends with 2 when it may not install what is missing.
#
# `install.sh test` also gets what only the tests need: systemd's checks, man, rsyslog and logrotate, docker-compose as
# the reader of the compose file, Dovecot, OpenDKIM, OpenDMARC, slapd, PostgreSQL, and Prometheus. Prometheus is unpacked below .venv instead
# of installed, since its package would enable a service that starts with the machine. `install.sh neighbours` gets,
# besides, the filters for the chains of `make neighbours`; `install.sh roots` gets what makes fresh roots of Debian, and
# nothing else.
set -eu

cd "$(dirname "$0")/.."
venv=.venv
lock=requirements-dev.lock
stamp=$venv/sekisho-installed
packages="libmilter-dev gcc libc6-dev python3-dev python3-venv postfix"
tools=$venv/tools

say() { printf '%s\n' "sekisho: $*" >&2; }

# The versions that pyproject.toml allows.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# A python3 that can build C extensions and virtual environments: Debian's own, which is built with profile and
# link-time optimisation (a message costs a ninth less than with one compiled from source as it comes), or one in PATH.
# SEKISHO_PYTHON names another one.
find_python() {
    for candidate in ${SEKISHO_PYTHON:-/usr/bin/python3 python3 python3.11 python3.12 python3.13}; do
        found=$(command -v "$candidate" 2>/dev/null) || continue
        if fits "$found"; then
            "$found" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    return 1
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing_packages() {
    for package in $packages; do
        installed "$package" || printf '%s ' "$package"
    done
}

# What the virtual environment depends on; any change of it means installing again.
fingerprint() { { cat "$lock" lab/install.sh pyproject.toml config/locale/*/*/*.po; echo "${SEKISHO_PYTHON-}"; } | sha256sum | cut -d' ' -f1; }

# A new Debian brings a new Python, and .venv/bin/python is a link to it: then the packages are those of the old one.
works() { fits "$1" && "$1" -c 'import os, sys, sysconfig; sys.exit(not os.path.isdir(sysconfig.get_path("purelib")))'; }

up_to_date() { works "$venv/bin/python" && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; }

same_version() { [ "$("$1" -VV 2>/dev/null)" = "$("$2" -VV)" ]; }

be_root() {
    if [ "$(id -u)" = 0 ]; then
        as_root=env
    elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null 2>&1 && sudo -v; }; then
        as_root="sudo env"
    else
        say "root (or sudo) is needed to install:$(printf ' %s' $1)"
        say "Run these as root, then the same command again:"
        installed postfix || cat >&2 <<COMMAND
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
COMMAND
        cat >&2 <<COMMAND
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --no-remove $1
COMMAND
        exit 2
    fi
}

# While packages are unpacked, no package script may start a service (policy-rc.d of Debian Policy 9.3.3).
no_services() {
    policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        return
    fi
    trap '$as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
}

install_packages() {
    be_root "$1"
    say "installing Debian packages: $1"
    no_services
    installed postfix || echo 'postfix postfix/main_mailer_type select No configuration' |
        $as_root debconf-set-selections
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq update ||
        say "apt-get update failed; trying with the package lists at hand"
    # shellcheck disable=SC2086 # a list of package names
    if ! $as_root DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends \
        --no-remove $1 >&2; then
        say "could not install: $1"
        exit 2
    fi
    $as_root rm -f "$policy"
    trap - EXIT INT TERM HUP
}

install_venv() {
    if ! python=$(find_python); then
        say "Python 3.11 to 3.13 is needed (python3 of Debian 12 or 13); found: \
$("${SEKISHO_PYTHON:-python3}" --version 2>&1 || echo none)"
        exit 2
    fi
    if ! { works "$venv/bin/python" && same_version "$venv/bin/python" "$python"; }; then
        say "creating $venv with $python"
        rm -rf "$venv"
        "$python" -m venv "$venv"
    fi
    say "installing the Python packages of $lock"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes --requirement "$lock"
    # The program itself, from this tree. Its build backend is in the lock file, so nothing else is fetched.
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation \
        --editable .
    fingerprint > "$stamp"
}

# Debian's Prometheus and promtool as plain programs: from its packages as apt verifies them, no script of them run.
unpack_prometheus() {
    [ -x "$tools/prometheus" ] && [ -x "$tools/promtool" ] && return
    say "unpacking Debian's prometheus into $tools"
    mkdir -p "$tools/unpack"
    if ! fetch_prometheus; then
        be_root prometheus
        $as_root apt-get -qq update || true
        fetch_prometheus || { say "could not download the Debian package prometheus"; exit 2; }
    fi
    for package in "$tools"/unpack/*.deb; do
        dpkg-deb --extract "$package" "$tools/unpack"
    done
    mv "$tools/unpack/usr/bin/prometheus" "$tools/unpack/usr/bin/promtool" "$tools"
    rm -rf "$tools/unpack"
}

# promtool is a package of its own since Debian 13.
fetch_prometheus() {
    (cd "$tools/unpack" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus \
        $(apt-cache show promtool >/dev/null 2>&1 && echo promtool))
}

# Only what makes fresh roots of Debian (packaging/roots.py); no virtual environment.
if [ "${1-}" = roots ]; then
    packages="debootstrap systemd-container"
    missing=$(missing_packages)
    [ -z "$missing" ] || install_packages "$missing"
    exit 0
fi
if [ "${1-}" = test ] || [ "${1-}" = neighbours ]; then
    packages="$packages systemd man-db rsyslog logrotate libmail-authenticationresults-perl opendkim opendmarc"
    packages="$packages dovecot-core dovecot-lmtpd dovecot-pop3d dovecot-sieve"
    packages="$packages slapd postfix-ldap postfix-pgsql postgresql"
    docker compose version >/dev/null 2>&1 || packages="$packages docker-compose"
fi

if [ "${1-}" = neighbours ]; then
    packages="$packages rspamd clamav-daemon clamav-milter amavisd-new"
fi

# The packages are looked at every time (it costs a few milliseconds): somebody may have removed one.
missing=$(missing_packages)
[ -z "$missing" ] || install_packages "$missing"
up_to_date || install_venv
[ -z "${1-}" ] || unpack_prometheus
