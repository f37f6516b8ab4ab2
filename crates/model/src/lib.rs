//! The words of Plumb as types: requirements and their ledger, verdicts, the exchange as evidence, the
//! event stream and the report folded from it, suites, vector packs and known violations; and all that belongs to one
//! revision of the protocol, as a value ([`Edition`]).
//!
//! No I/O and no async: everything here is a function of its arguments, so that a replay equals a live run.

pub mod audit;
pub mod catalogue;
pub mod danger;
pub mod edition;
pub mod event;
pub mod exchange;
pub mod keep;
pub mod known;
pub mod ledger;
pub mod load;
pub mod network;
pub mod pack;
pub mod payload;
pub mod positions;
mod redact;
pub mod report;
pub mod role;
pub mod secret;
pub mod shell;
pub mod suite;
pub mod verdict;

pub use audit::Audit;
pub use catalogue::CheckInfo;
pub use danger::Danger;
pub use edition::Edition;
pub use event::Event;
pub use exchange::{
    Answer, Carrier, End, Exchange, Frame, Head, Header, Initiator, Sent, StreamFacts,
};
pub use keep::{Keep, Sieve};
pub use ledger::{Force, Ledger, Level, Party, Requirement};
pub use load::Load;
pub use network::{Homes, Network};
pub use payload::Payload;
pub use positions::{OtherSides, Position, Positions};
pub use report::{Report, Reports};
pub use role::Role;
pub use secret::Secrets;
pub use verdict::{Severity, Verdict};
