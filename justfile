# Recipes for people who work on Plumb. None is needed: `cargo run -- run` and `cargo test --workspace` do the work.

# Run the tests.
test *ARGS:
    cargo test --workspace {{ARGS}}

# Format, lint, test: what CI does.
ci:
    .ci/run

# Fuzz a target for a minute (or as libFuzzer is told); needs a nightly compiler and cargo-fuzz.
fuzz TARGET *ARGS="-max_total_time=60":
    cargo +nightly fuzz run {{TARGET}} -- {{ARGS}}

# Licences, sources, duplicates and advisories of what we depend on, and words; needs cargo-deny, typos and a network.
audit:
    cargo deny check
    typos

# The HTML report by axe-core in Chromium, light and dark, wide and narrow; needs node, npm and chromium.
ui *REPORTS="reports/sample/report.html":
    npm install --silent --no-save --prefix target/ui axe-core
    node .ci/ui.mjs target/ui/node_modules/axe-core/axe.min.js {{REPORTS}}

# Renew the generated files: snapshots and samples. The kill matrix has a recipe of its own.
update:
    PLUMB_UPDATE=1 INSTA_UPDATE=always cargo test --workspace

# Law 8: the same verdicts from one server, idle and with every core busy, and from servers that are slow or limit their callers.
stable:
    for run in 1 2 3 4 5; do cargo test --locked -p mcp-plumb --test all laws::stable || exit 1; done
    cargo test --locked -p mcp-plumb --test all slow_and_limiting

# Law 8 in a crowd: servers judged alone and all at once, verdict by verdict.
crowd COUNT="20":
    cargo build --release --bin plumb --example crowd
    ./target/release/examples/crowd ./target/release/plumb {{COUNT}}

# The whole mutant x check table against docs/kill-matrix.md.
matrix:
    cargo run --release -p mcp-plumb --example matrix

# The table again, written to docs/kill-matrix.md.
matrix-update:
    PLUMB_UPDATE=1 cargo run --release -p mcp-plumb --example matrix

# The whole table of our client's mutants against docs/kill-matrix-clients.md.
client-matrix:
    cargo build --release --bin plumb --example client_matrix
    ./target/release/examples/client_matrix

# That table again, written to docs/kill-matrix-clients.md.
client-matrix-update:
    cargo build --release --bin plumb --example client_matrix
    PLUMB_UPDATE=1 ./target/release/examples/client_matrix

# Bounds of time, memory, room and blame, against targets that burden whoever judges them; rows whose names hold these words.
hostile *WORDS:
    cargo build --release --bin plumb --example hostile
    ./target/release/examples/hostile ./target/release/plumb {{WORDS}}

# Runs against a bare client that sends the same requests, as docs/performance.md shows them; servers of your own as NAME=URL.
performance *SERVERS:
    cargo build --release --bin plumb --example performance
    ./target/release/examples/performance ./target/release/plumb {{SERVERS}}

# Wall time of runs of the embedded reference, the cost of an exchange, a server of 1,000 tools, and memory; needs hyperfine.
bench:
    cargo build --release --bin plumb --example overhead
    hyperfine --warmup 1 --runs 5 -L suite core,quick,stateless,tasks,auth './target/release/plumb run --quiet --suite {suite} --out target/bench'
    hyperfine --warmup 1 --runs 3 './target/release/plumb run --quiet --out target/bench -- ./target/release/plumb serve reference --port {port} --state-dir {shared.dir} --extra-tools 943 --page-size 20'
    ./target/release/examples/overhead
    if command -v /usr/bin/time >/dev/null; then /usr/bin/time -v ./target/release/plumb run --quiet --out target/bench 2>&1 | grep -E 'Maximum resident|Elapsed'; fi

# A release binary with completions for bash, as a tarball with its checksum.
dist:
    cargo build --release --bin plumb
    mkdir -p target/dist
    ./target/release/plumb completions bash > target/dist/plumb.bash
    cp target/release/plumb README.md LICENSE-MIT LICENSE-APACHE target/dist/
    tar -C target -czf target/plumb.tar.gz dist
    sha256sum target/plumb.tar.gz > target/plumb.tar.gz.sha256

# What `cargo run` builds with other features than `cargo test` does; it belongs into crates/features.
features:
    cargo tree --locked --workspace --edges normal,build,dev --prefix none --format '{p} {f}' | sed 's/ (\*)$//' | sort -u > target/features
    cargo tree --locked -p mcp-plumb --edges normal,build --prefix none --format '{p} {f}' | sed 's/ (\*)$//' | sort -u | comm -23 - target/features
