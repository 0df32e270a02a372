#!/usr/bin/env bash
# Installs what the browser tests and the screenshots need from Debian's packages: Chromium, and a font that has Chinese.
# Does nothing when both are there.
set -euo pipefail

packages=()
command -v chromium >/dev/null || packages+=(chromium)
dpkg -s fonts-noto-cjk >/dev/null 2>&1 || packages+=(fonts-noto-cjk)

if [ ${#packages[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || { echo "chromium is needed, and there is no apt-get to install ${packages[*]} with" >&2; exit 1; }
  root=()
  [ "$(id -u)" -eq 0 ] || root=(sudo -n)
  install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}")
  # The lists of packages may be old, or not there: they are fetched only then.
  if ! "${root[@]}" "${install[@]}" >/dev/null 2>&1; then
    "${root[@]}" apt-get update -qq || true
    "${root[@]}" "${install[@]}" >/dev/null || { echo "could not install ${packages[*]} with apt-get" >&2; exit 1; }
  fi
fi

path=$(command -v chromium) || { echo 'chromium is not there after its installation' >&2; exit 1; }
echo "chromium: $path"
