#!/bin/sh
# Prepares this checkout: Debian packages (installed when root, listed otherwise) and .venv from constraints.txt.
# usage: deploy/setup.sh core|dev
set -eu
cd "$(dirname "$0")/.."
what=${1:-core}

lists=deploy/packages-core.txt
extra=""
if [ "$what" = dev ]; then
    lists="$lists deploy/packages-dev.txt"
    extra="[dev]"
fi

missing=""
if command -v dpkg-query >/dev/null 2>&1; then
    for package in $(grep -hv '^#' $lists); do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    if [ -n "$missing" ] && [ "$(id -u)" = 0 ]; then
        echo "Installing Debian packages:$missing"
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends $missing
    elif [ -n "$missing" ]; then
        echo "These Debian packages are missing; install them, then run this again:" >&2
        echo "  sudo apt-get install --no-install-recommends$missing" >&2
        exit 1
    fi
else
    echo "This is not a Debian system: install the equivalents of $lists yourself." >&2
fi

python=""
for candidate in python3.11 python3.12 python3; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11 or 3.12 with its venv module is needed: apt-get install python3 python3-venv" >&2
    exit 1
fi

# The stock upload clients that tests talk with. Not `npm ci`: see the Makefile.
if [ "$what" = dev ] && command -v npm >/dev/null 2>&1; then
    installed=tests/js/node_modules/.package-lock.json
    if [ ! -f "$installed" ] || [ tests/js/package-lock.json -nt "$installed" ]; then
        echo "Installing the JavaScript upload clients of the tests"
        npm --prefix tests/js install --no-save --omit=optional --ignore-scripts --no-audit --no-fund --loglevel error
        touch "$installed"
    fi
elif [ "$what" = dev ]; then
    echo "Node.js 20.19 or later is not installed: tests with stock JavaScript clients will be skipped." >&2
fi

stamp=.venv/.installed-$what
if [ -f "$stamp" ] && [ "$stamp" -nt pyproject.toml ] && [ "$stamp" -nt constraints.txt ]; then
    exit 0
fi
[ -x .venv/bin/python ] || "$python" -m venv .venv
echo "Installing Python packages from constraints.txt (a few minutes the first time)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".$extra"
touch "$stamp"
# What the suite needs includes what the core needs.
[ "$what" != dev ] || touch .venv/.installed-core
