//! `basic/versioning`: the version of each request, extensions, and clients of earlier revisions.

mod eras;
mod extensions;
mod versions;

use plumb_runner::Check;

pub(crate) use versions::of_version;

pub(crate) const CHECKS: &[&Check] = &[
    &versions::UNKNOWN_VERSION,
    &versions::KNOWN_UNSUPPORTED_VERSION,
    &versions::ERROR_DATA,
    &versions::ALL_METHODS,
    &versions::STDIO_UNSUPPORTED,
    &versions::SERVER_DISCOVER,
    &versions::NO_DISCOVER_NEEDED,
    &extensions::ID_FORMAT,
    &extensions::FALLBACK,
    &eras::INITIALIZE_NAMES_VERSIONS,
    &eras::STDIO_ERROR,
    &eras::HTTP_400,
    &eras::META_STATELESS,
    &eras::INITIALIZE_SCOPE,
];
