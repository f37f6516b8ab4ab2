//! Many servers: which of them a machine judges, judging them one process each, and folding what comes of it.
//!
//! There is no scheduler here. [`Shard`] cuts a list in parts, [`run`] works one part off and can be killed and started
//! again at any moment, [`Matrix`] folds the results of all parts, and [`site`] makes pages of them; with the results as [`Evidence`] they
//! say what each server said.

mod evidence;
mod matrix;
pub mod recipe;
mod run;
mod shard;
pub mod site;
mod store;
mod target;

pub use evidence::Evidence;
pub use matrix::{Change, Changes, Matrix, MatrixError, Row};
pub use run::{Order, Progress, Told, run};
pub use shard::Shard;
pub use store::{Class, Outcome, Store};
pub use target::{Target, TargetError, targets};
