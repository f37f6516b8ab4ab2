//! The reporters over two sample runs: what people read as snapshots, what machines read against schemas.

mod mutations;
mod page;
mod people;
mod sample;
mod samples;
mod schema;
mod shell;
mod xml;
