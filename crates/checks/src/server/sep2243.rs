//! `seps/2243-http-standardization`: what its table of cases adds to the page on Streamable HTTP.

use plumb_runner::{Check, check};

use crate::server::http::served_or_refused_by_header;

pub(crate) const CHECKS: &[&Check] = &[&LITERAL_WITHOUT_PREFIX, &LITERAL_UPPERCASE_PREFIX];

check! {
    /// **Observed:** a header of an annotated string parameter that lacks one of the two markers is compared as it
    /// stands: accepted when the argument is that very text, refused when it is what Base64 would decode to.
    ///
    /// **Why:** every party must read a value the same way; a gateway does not decode what carries no marker.
    ///
    /// **Fix:** decode only what starts with `=?base64?` and ends with `?=`.
    LITERAL_WITHOUT_PREFIX = "sep2243.literal-without-prefix";
    fact: "http.param.sentinel-exact";
    applies: [Http];
    cases: served_or_refused_by_header
}

check! {
    /// **Observed:** a header of an annotated string parameter whose markers are in another case is compared as it
    /// stands: accepted when the argument is that very text, refused when it is what Base64 would decode to.
    ///
    /// **Why:** the markers are case-sensitive; a party that folds case reads another value than one that does not.
    ///
    /// **Fix:** compare the markers byte by byte.
    LITERAL_UPPERCASE_PREFIX = "sep2243.literal-uppercase-prefix";
    fact: "http.param.sentinel-exact";
    applies: [Http];
    cases: served_or_refused_by_header
}
