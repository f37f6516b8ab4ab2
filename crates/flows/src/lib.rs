//! What checks share: the small clients that lead a target to where a check wants it, and what reads its answers.
//!
//! A flow asks and waits; it judges nothing that is not the same for all who use it.

pub mod auth;
pub mod completion;
pub mod confirmation;
pub mod crossing;
pub mod echo;
pub mod interruption;
pub mod listing;
pub mod parts;
pub mod quiet;
pub mod rounds;
pub mod schema;
pub mod subscription;
pub mod task;
pub mod words;
pub mod work;
