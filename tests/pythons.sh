#!/usr/bin/env bash
# Whether the product installs, imports, serves a first sign-in and passes its unit tests with the oldest Python it
# supports and the newest found here (on the PATH or below ~/.pyenv/versions). `make pythons` and .ci/run call it.
# It installs into .build/pythons; .venv is used, unchanged, if it has that Python.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$PWD/.build/pythons
mkdir -p "$folder"

# The newest interpreter of one minor version that runs.
interpreter() {
  local one
  for one in $(compgen -G "$HOME/.pyenv/versions/$1.*/bin/python3" | sort -rV) "$(command -v "python$1" || true)" python3; do
    if [ -n "$one" ] && "$one" -c "import sys, ensurepip; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      echo "$one"
      return
    fi
  done
}

check() {
  local version=$1 python=$2 place=$folder/$1 pins
  pins=$place/installed-$(cat requirements*.txt | cksum | cut -d' ' -f1)
  if compgen -G ".venv/.installed-dev-*" >/dev/null && .venv/bin/python -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')"; then
    place=.venv  # `make` has installed into it already
  elif [ ! -e "$pins" ]; then
    rm -rf "$place"
    "$python" -m venv "$place"
    "$place/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --no-compile -r requirements-dev.txt
    touch "$pins"
  fi
  "$place/bin/python" -m pip check --disable-pip-version-check
  "$place/bin/python" -m tests.first_steps
  "$place/bin/python" -m pytest -q -n0 -p no:cacheprovider tests/unit tests/services/infra/redis/test_embedded.py
}

found=()
for version in 3.11 3.13 3.12; do
  python=$(interpreter "$version")
  if [ -n "$python" ]; then found+=("$version=$python"); fi
  # 3.12 only where there is no 3.13.
  if [ "$version" = 3.13 ] && [ -n "$python" ]; then break; fi
done
[ ${#found[@]} -gt 0 ] || { echo "pythons: there is neither Python 3.11 nor 3.12 nor 3.13 here" >&2; exit 1; }

failed=0 running=()
for one in "${found[@]}"; do
  version=${one%%=*}
  check "$version" "${one#*=}" >"$folder/$version.log" 2>&1 &
  running+=("$version=$!")
done
for one in "${running[@]}"; do
  version=${one%%=*}
  if wait "${one#*=}"; then
    echo "pythons: $version: $(tail -n 1 "$folder/$version.log")"
  else
    failed=1
    echo "pythons: $version failed (all of it: .build/pythons/$version.log)" >&2
    tail -n 40 "$folder/$version.log" >&2
  fi
done
exit "$failed"
