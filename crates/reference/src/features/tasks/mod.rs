//! The tasks extension: tools that answer with a handle, and the three methods that take it (ext-tasks).
//!
//! Nothing works in the background. What happened to a task is written down, and where it stands follows from that, from
//! its script and from the time. So a task outlives connection and process, and every replica says the same of it.

mod declaration;
pub(crate) mod legacy;
pub(crate) mod listen;
mod lookup;
pub(crate) mod methods;
mod record;
mod script;
mod shown;
mod slips;
pub(crate) mod store;
pub(crate) mod tools;
