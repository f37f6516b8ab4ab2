//! `basic/patterns/mrtr`: requests of several round trips.

mod answers;
mod binding;
mod capabilities;
mod principal;
mod replicas;
mod rounds;
mod shape;
mod state;

pub(crate) use shape::inputs;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &replicas::RETRY_SELF_CONTAINED,
    &shape::USE_MRTR,
    &shape::UNSUPPORTED,
    &shape::KEYS_UNIQUE,
    &shape::VALUES_ALLOWED,
    &shape::AT_LEAST_ONE,
    &state::ATTACKER_CONTROLLED,
    &state::INTEGRITY,
    &state::REJECT_TAMPERED,
    &binding::REQUEST_BINDING,
    &state::SINGLE_USE,
    &principal::STATE_PRINCIPAL,
    &principal::ELICITATION,
    &capabilities::ELICITATION,
    &capabilities::SAMPLING,
    &capabilities::ROOTS,
    &rounds::NO_ASSUME_RETRY,
    &answers::VALIDATE_RESPONSES,
    &answers::PROTOCOL_ERROR,
    &answers::IGNORE_UNEXPECTED,
    &answers::MISSING_REREQUEST,
];
