//! RFC 9449 by way of two drafts: clients that prove possession of a key. Who sends no proof is not judged.

mod claims;
mod header;
mod nonces;
mod tokens;

use plumb_runner::Check;
use plumb_runner::client::Moment;
use plumb_runner::client::protected::{Flow, Proof, Scene, Step};

pub(crate) const CHECKS: &[&Check] = &[
    &tokens::AT_TOKEN_ENDPOINT,
    &tokens::SCHEME,
    &tokens::EVERY,
    &tokens::KEY,
    &header::TYPE,
    &header::ALGORITHM,
    &header::ANNOUNCED,
    &header::PUBLIC_KEY,
    &header::SIGNATURE,
    &claims::UNIQUE,
    &claims::TIME,
    &claims::METHOD,
    &claims::TARGET,
    &claims::TOKEN_HASH,
    &nonces::AT_TOKEN_ENDPOINT,
    &nonces::AT_SERVER,
    &nonces::RETRY,
    &nonces::NEWEST,
    &nonces::APART,
];

/// Where tokens are bound to a key if a client proves that it has one.
const DPOP: &[Scene] = &[Scene::Dpop, Scene::DpopNonce];

/// Where proofs are read.
const READ: [Step; 2] = [Step::Token, Step::Message];

/// The proof of the request at hand, which goes to either server.
fn proof<'a>(moment: &Moment<'a>) -> Option<(Flow<'a>, Proof)> {
    let flow = READ.into_iter().find_map(|step| moment.at(DPOP, step))?;
    Some((flow, moment.now().proof()?))
}
