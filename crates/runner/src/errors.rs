//! Why a target could not be reached, started or judged.

use plumb_wire::WireError;

use crate::run::Learnt;

/// Why there was nothing to judge.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target could not be started or found.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The folder that the replicas share could not be made.
    #[error("the folder that the replicas share could not be made: {0}")]
    SharedFolder(#[from] std::io::Error),
    /// The target could not be reached, or is no MCP server of this revision.
    #[error(transparent)]
    Contact(#[from] ContactError),
    /// The target speaks no newer revision than this one, and was to be judged by the newest that it speaks.
    #[error("the target speaks no newer revision than {revision}")]
    Earlier {
        /// The newest that it speaks.
        revision: String,
        /// What it showed of its processes.
        learnt: Learnt,
    },
    /// The suite and the selection leave no check.
    #[error("no check is selected: see `plumb list`")]
    NothingSelected,
}

/// Why a target could not be reached or started.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The address is no URL that we can reach.
    #[error("{0}")]
    Address(String),
    /// The authorization server of the run could not be started.
    #[error("the authorization server of the run: {0}")]
    Authorization(String),
    /// The command could not be started.
    #[error("{0}")]
    Start(WireError),
    /// The command ended before it answered.
    #[error("the server ended ({status}) before it answered; its last words: {stderr}")]
    Died {
        /// How it ended.
        status: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// A process of it did not start beside another.
    #[error("a process of the server ended before it said anything, while another one ran")]
    Wordless,
    /// Other processes of it did not start beside the first.
    #[error(
        "a second process of the server ends before it says anything: it seems to run once at a time"
    )]
    Once,
    /// Somebody else listens where the command is to listen.
    #[error("something that is not the command already listens at {address}: run again, or end it")]
    Taken {
        /// The address that was free a moment before.
        address: String,
    },
    /// The command failed, and something answers at its address.
    #[error(
        "the command ended ({status}), and something else answers at {address}; its last words: {stderr}"
    )]
    Stranger {
        /// Where the command was to listen.
        address: String,
        /// How it ended.
        status: String,
        /// The end of its standard error.
        stderr: String,
    },
    /// The command never answered.
    #[error(
        "the server did not accept a connection at {address} within {within} s (--timeout lengthens that); its last words: {stderr}"
    )]
    NeverReady {
        /// Where it was expected.
        address: String,
        /// How long it was waited for, in seconds.
        within: u64,
        /// The end of its standard error.
        stderr: String,
    },
}

impl TargetError {
    /// Whether another port would have done.
    pub(crate) fn is_of_the_port(&self) -> bool {
        match self {
            Self::Taken { .. } | Self::Stranger { .. } => true,
            Self::Died { stderr, .. } => {
                let stderr = stderr.to_lowercase();
                stderr.contains("in use") || stderr.contains("eaddrinuse")
            }
            _ => false,
        }
    }
}

/// Why nothing can be judged: the target was never reached.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ContactError {
    /// Nothing answered.
    #[error("the target was not reached: {0}")]
    Unreached(String),
    /// Something answered that is no MCP server.
    #[error("the target answers, but not as an MCP server: {0}")]
    NotMcp(String),
    /// Something answered that turns every request away, or sends it elsewhere.
    #[error("the target does not take requests: {what}: {remedy}")]
    TurnedAway {
        /// What came.
        what: String,
        /// What the user can do.
        remedy: String,
    },
    /// A client that asked for nothing.
    #[error("the client asked for nothing: {0}")]
    Silent(String),
    /// A client that never spoke this revision.
    #[error("the client did not speak revision {revision}: {spoken}")]
    OtherClient {
        /// The revision that it was to be judged by.
        revision: String,
        /// What came in its place.
        spoken: String,
    },
    /// A modern server without this revision.
    #[error("the target speaks MCP, but not revision {revision}: it supports {supported}")]
    OtherRevision {
        /// The revision that it was to be judged by.
        revision: String,
        /// What it says that it supports.
        supported: String,
    },
}
