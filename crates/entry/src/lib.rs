//! From an entry of a registry (`server.json`) to a run: an argument vector or an address, never a shell.
//!
//! [`Entry`] is the file as its own schema reads it, [`Answers`] is what nobody but the user can say, [`plan`] puts both
//! together, and [`sandbox`] confines what comes of it.

mod answers;
pub mod archive;
mod entry;
mod fill;
mod image;
mod named;
mod plan;
pub mod sandbox;

pub use answers::{Answers, Question};
pub use entry::{Entry, EntryError, Package, Remote};
pub use image::{Image, ImageError};
pub use plan::{Fetch, Plan, PlanError, Way, plan};
