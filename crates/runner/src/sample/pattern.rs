//! Strings for the patterns of schemas.

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::string::string_regex;

/// A pattern's counts make no string longer than this, in characters.
const LONGEST: usize = 4_096;

/// A string that a search for the pattern finds, the same each time.
pub(crate) fn matching(pattern: &str) -> Option<String> {
    if !is_tame(pattern) {
        return None;
    }
    let strategy = string_regex(&ascii(pattern)).ok()?;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    Some(strategy.new_tree(&mut runner).ok()?.current())
}

/// ECMA's classes are ASCII, and a search needs no anchors.
pub(crate) fn ascii(pattern: &str) -> String {
    let inner = pattern.strip_prefix('^').unwrap_or(pattern);
    let inner = inner.strip_suffix('$').filter(|i| !i.ends_with('\\')).unwrap_or(inner);
    inner.replace("\\d", "[0-9]").replace("\\w", "[A-Za-z0-9_]").replace("\\s", "[ ]")
}

/// Whether a pattern is short, and its counts cannot make a string of more than a few thousand characters.
pub(crate) fn is_tame(pattern: &str) -> bool {
    let counts = pattern.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let most = |count: &str| {
        count.split(',').filter_map(|n| n.trim().parse::<usize>().ok()).max().unwrap_or(1)
    };
    let product = counts.map(most).try_fold(1_usize, |all, n| all.checked_mul(n.max(1)));
    pattern.len() <= 256 && product.is_some_and(|n| n <= LONGEST)
}
