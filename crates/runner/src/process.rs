//! Processes of the target: how they are started, how they end, and how often they are started again.

mod client;
pub(crate) mod keeper;
pub(crate) mod mortal;
pub(crate) mod server;
mod silence;
pub(crate) mod voices;
