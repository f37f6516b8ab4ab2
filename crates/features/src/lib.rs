//! No code: the manifest of this crate makes `cargo run` and `cargo test` build their dependencies with one set of features.
