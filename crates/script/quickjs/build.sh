#!/bin/sh
# Makes quickjs.wasm, the JavaScript engine of the sandbox, from its sources; `build.sh --check` only says whether
# a fresh build is the file that is checked in. `cargo build` never runs this.
#
# Needs curl and Debian 12's packages clang-14 lld-14 wasi-libc libclang-rt-14-dev-wasm32, whose versions decide the
# bytes of the result. The sources of quickjs-ng (MIT, see LICENSE.quickjs) come from the crate rquickjs-sys, which
# carries a release of them unchanged: the registry keeps it for ever, and its checksum is known.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
version=0.14.0
sha256=cee271d0eeba64f0915b846cb7ae02e16faf3dfdffdca91731101d9d30fe3423
url=https://static.crates.io/crates/rquickjs-sys/rquickjs-sys-$version.crate

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# QUICKJS_CRATE names a copy that was downloaded before.
if [ -n "${QUICKJS_CRATE:-}" ]; then
    cp "$QUICKJS_CRATE" "$work/source.crate"
else
    curl --proto '=https' --fail --silent --show-error --location --output "$work/source.crate" "$url"
fi
echo "$sha256  $work/source.crate" | sha256sum --check --quiet
tar -xzf "$work/source.crate" -C "$work"
mv "$work/rquickjs-sys-$version/quickjs" "$work/quickjs"
cp "$here/shim.c" "$work/quickjs/"

cd "$work/quickjs"
# The build must not see where it happens: relative paths, no debug information.
# The rounding modes that WebAssembly does not have are named in code that is never reached.
clang-14 --target=wasm32-wasi -mexec-model=reactor -O2 -std=gnu11 -w \
    -DNDEBUG -D_GNU_SOURCE -DFE_DOWNWARD=0 -DFE_UPWARD=0 \
    -msign-ext -mnontrapping-fptoint -mbulk-memory -fvisibility=hidden \
    shim.c libregexp.c libunicode.c dtoa.c \
    -Wl,--stack-first -Wl,-z,stack-size=1048576 -Wl,--strip-all -Wl,--gc-sections \
    -o "$work/quickjs.wasm"

cd "$work"
if [ "${1:-}" = --check ]; then
    (cd "$work" && sha256sum --check "$here/SHA256SUMS")
    (cd "$here" && sha256sum --check SHA256SUMS)
else
    cp "$work/quickjs.wasm" "$here/quickjs.wasm"
    cp "$work/quickjs/LICENSE" "$here/LICENSE.quickjs"
    (cd "$here" && sha256sum quickjs.wasm > SHA256SUMS)
fi
