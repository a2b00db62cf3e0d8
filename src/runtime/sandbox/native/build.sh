#!/usr/bin/env bash
# Builds linux-x64 and linux-arm64 from this folder and notes the hashes of sources and programs in SHA256SUMS.
#   build.sh            build
#   build.sh --check    build elsewhere and compare: fails when the committed programs are not what the sources make
# The compiler comes from PyPI at the version and hashes of zig.txt; ZIG names one that is already there.

set -euo pipefail
export LC_ALL=C
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=$(sed -n 's/^ziglang==\([0-9.]*\).*/\1/p' "$here/zig.txt")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ -z "${ZIG-}" ]; then
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: --no-deps --require-hashes \
    -r "$here/zig.txt"
  ZIG=$("$scratch/venv/bin/python" -c 'import os, ziglang; print(os.path.join(os.path.dirname(ziglang.__file__), "zig"))')
fi
if [ "$("$ZIG" version)" != "$version" ]; then
  echo "build.sh: zig $version is needed, $ZIG is $("$ZIG" version)" >&2
  exit 1
fi
# The C library is compiled too, which takes longest: a cache that is kept spares it.
export ZIG_GLOBAL_CACHE_DIR=${ZIG_GLOBAL_CACHE_DIR:-$scratch/cache} ZIG_LOCAL_CACHE_DIR=$scratch/cache

mkdir "$scratch/source" "$scratch/made"
cp "$here"/*.c "$here"/*.h "$scratch/source"
cd "$scratch/source"
for pair in x64:x86_64 arm64:aarch64; do
  # Names without folders and no debug information: nothing of this machine gets in.
  "$ZIG" cc -target "${pair#*:}-linux-musl" -static -Os -s -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror \
    -o "$scratch/made/linux-${pair%:*}" ./*.c
done

cd "$here"
sources=(build.sh zig.txt ./*.c ./*.h)
sources=("${sources[@]#./}")
{
  sha256sum "${sources[@]}"
  (cd "$scratch/made" && sha256sum linux-arm64 linux-x64)
} > "$scratch/SHA256SUMS"

if [ "${1-}" = --check ]; then
  if diff "$here/SHA256SUMS" "$scratch/SHA256SUMS" && sha256sum --quiet -c SHA256SUMS; then
    echo "build.sh: the programs are what the sources make"
    exit 0
  fi
  echo "build.sh: run $0 and commit what it makes" >&2
  exit 1
fi
for name in linux-x64 linux-arm64; do
  # In use: a program that runs cannot be written over, but replaced.
  install -m 755 "$scratch/made/$name" "$here/.$name.new"
  mv "$here/.$name.new" "$here/$name"
done
cp "$scratch/SHA256SUMS" "$here/SHA256SUMS"
wc -c linux-x64 linux-arm64
