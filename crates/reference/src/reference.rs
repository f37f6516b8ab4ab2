//! What is to be run: a server, by the rules it keeps and the choices it makes.

use crate::options::Options;
use crate::rules::Rules;

/// The server to run: which rules it keeps, and which of the legal choices it makes.
#[derive(Debug, Clone)]
pub struct Reference {
    /// The rules kept; [`Rules::SPEC`] keeps them all.
    pub rules: Rules,
    /// The legal choices made.
    pub options: Options,
}

impl Reference {
    /// The conforming server.
    pub fn conforming() -> Self {
        Self::with_rules(Rules::SPEC)
    }

    /// The server with the given rules and default options.
    pub fn with_rules(rules: Rules) -> Self {
        Self { rules, options: Options::default() }
    }

    /// The conforming server with the given options.
    pub fn with_options(options: Options) -> Self {
        Self { rules: Rules::SPEC, options }
    }
}

impl Default for Reference {
    fn default() -> Self {
        Self::conforming()
    }
}
