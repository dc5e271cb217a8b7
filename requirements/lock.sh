#!/bin/sh
# Renews the lock files: pinned versions and hashes, no index address.
# run.lock: the bot alone. demo.lock: with the sandbox. dev.lock: with everything that `make test` needs.
# bench.lock: what `make bench-detection` compares with, on top of dev.lock.
set -eu
python=$1
cd "$(dirname "$0")/.."
compile() {
    out=$1; shift
    CUSTOM_COMPILE_COMMAND="make lock" "$python" -m piptools compile --quiet --generate-hashes --no-emit-index-url \
        --no-emit-find-links --no-emit-trusted-host --no-strip-extras --allow-unsafe --output-file "requirements/$out.lock" "$@"
}
compile run pyproject.toml
compile demo --extra demo pyproject.toml
compile dev --extra demo --extra dev pyproject.toml
cp requirements/dev.lock requirements/bench.lock  # so that both pin the same versions of what both hold
compile bench --extra demo --extra dev --extra bench pyproject.toml
