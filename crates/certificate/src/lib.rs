//! Certificates: what a run judged by, to the byte; whether a target conforms to a frozen set; and both as a bundle that
//! somebody else can check without us.
//!
//! [`judged_by`] names the standards of a run, [`Set`] judges a report by a frozen set, [`Bundle`] is an in-toto statement
//! in a DSSE envelope, and [`badge`] says it in one line.

pub mod badge;
mod bundle;
mod digest;
mod distil;
mod key;
mod set;
mod standards;
mod standing;
mod statement;

pub use bundle::{Bundle, BundleError, Signature};
pub use digest::{Digest, canonical};
pub use distil::{distilled, verdicts_alone};
pub use key::{KeyError, Signer, Verifier};
pub use set::{Frozen, Set, SetError, revision_of};
pub use standards::judged_by;
pub use standing::{Judgement, Reservation, Standing, Why};
pub use statement::{About, Confinement, Identity, Occasion, Predicate, Statement};
