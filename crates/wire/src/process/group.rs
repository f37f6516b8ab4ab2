//! What a system knows of processes that belong together: everything that depends on the system stands here.

#[cfg(not(unix))]
mod elsewhere;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
pub(crate) use elsewhere::{Group, apart, signal_of, signals};
#[cfg(unix)]
pub(crate) use unix::{Group, apart, signal_of, signals};
