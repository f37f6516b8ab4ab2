//! `basic`: JSON-RPC messages, responses, errors and their codes, `_meta`, statelessness.

mod responses;

use plumb_runner::Check;

pub(crate) const CHECKS: &[&Check] = &[
    &responses::JSONRPC_VERSION,
    &responses::RESULT_XOR_ERROR,
    &responses::SAME_ID,
    &responses::RESULT_TYPE,
];
