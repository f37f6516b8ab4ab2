# Recipes for people who work on Plumb. `cargo` alone does everything that CI does.

# Run the tests.
test *ARGS:
    cargo test --workspace {{ARGS}}

# Format, lint, test: what CI does.
ci:
    .ci/run

# Renew every generated file: snapshots, docs, samples.
update:
    PLUMB_UPDATE=1 INSTA_UPDATE=always cargo test --workspace

# The whole mutant x check table against docs/kill-matrix.md.
matrix:
    cargo run --release -p mcp-plumb --example matrix

# The table again, written to docs/kill-matrix.md.
matrix-update:
    PLUMB_UPDATE=1 cargo run --release -p mcp-plumb --example matrix

# Wall time and memory of a full run of the embedded reference, and the overhead per exchange.
bench:
    cargo build --release --bin plumb
    hyperfine --warmup 1 --runs 10 './target/release/plumb run --quiet --out target/bench'
    /usr/bin/env bash -c 'command -v /usr/bin/time >/dev/null && /usr/bin/time -v ./target/release/plumb run --quiet --out target/bench 2>&1 | grep -E "Maximum resident|Elapsed" || true'

# A release binary with completions, as a tar ball with its checksum.
dist:
    cargo build --release --bin plumb
    mkdir -p target/dist
    ./target/release/plumb completions bash > target/dist/plumb.bash
    cp target/release/plumb README.md LICENSE-MIT LICENSE-APACHE target/dist/
    tar -C target -czf target/plumb.tar.gz dist
    sha256sum target/plumb.tar.gz > target/plumb.tar.gz.sha256
