//! basic#schema-validation: regular expressions in published schemas.

use plumb_runner::{Notes, Observed, check, clip};
use serde_json::Value;

use super::dialects::published;

/// Keywords whose values are data, not schemas.
const DATA: [&str; 5] = ["enum", "const", "default", "examples", "required"];

check! {
    /// **Observed:** the regular expressions of each listed tool's schemas (`pattern`, names in `patternProperties`) are
    /// none that no engine reads: a parenthesis or bracket that is never closed, a parenthesis that was never opened, a
    /// quantifier with nothing before it, a backslash at the end. What engines differ on passes.
    ///
    /// **Why:** clients compile the schema; one expression that does not compile makes the tool unusable.
    ///
    /// **Fix:** compile your patterns as JavaScript does, in your own tests.
    pub(crate) PATTERNS = "base.schema.patterns";
    since: "2025-11-25";
    applies: [Declares(Tools)];
    passive: patterns
}

fn patterns(seen: &Observed, notes: &mut Notes<'_>) {
    for (what, schema) in published(seen) {
        let mut found = Vec::new();
        collect(schema, &mut found);
        for pattern in found {
            match flaw(pattern) {
                None => notes.fits(),
                Some(why) => notes.breaks(
                    "regular expressions that an engine reads",
                    format!("{what}: {:?} has {why}", clip(pattern, 80)),
                ),
            }
        }
    }
}

fn collect<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
    match schema {
        Value::Array(items) => items.iter().for_each(|i| collect(i, found)),
        Value::Object(members) => {
            for (name, value) in members {
                match (name.as_str(), value) {
                    ("pattern", Value::String(pattern)) => found.push(pattern),
                    ("patternProperties", Value::Object(named)) => {
                        found.extend(named.keys().map(String::as_str));
                        named.values().for_each(|s| collect(s, found));
                    }
                    (name, _) if DATA.contains(&name) => {}
                    (_, value) => collect(value, found),
                }
            }
        }
        _ => {}
    }
}

/// What makes an expression unreadable to every engine; `None` if some engine may read it.
fn flaw(pattern: &str) -> Option<&'static str> {
    // Quotations, comments and free spacing hide parentheses from those who know them.
    if ["\\Q", "(?#", "(?x", "(?mx", "(?ix", "(?sx"].iter().any(|other| pattern.contains(other)) {
        return None;
    }
    let (mut open, mut anything_before) = (0_usize, false);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return Some("a backslash at its end"),
            '[' => {
                let mut class = String::new();
                loop {
                    match chars.next() {
                        None => return Some("a bracket that is never closed"),
                        Some('\\') => class.extend(chars.next()),
                        Some(']') => break,
                        Some(c) => class.push(c),
                    }
                }
                // Engines differ on where such a class ends.
                if class.is_empty() || class == "^" || class.contains('[') {
                    return None;
                }
            }
            '(' => {
                open += 1;
                // `(?:`, `(?=`, `(?<name>` and verbs.
                anything_before = chars.next_if(|c| matches!(c, '?' | '*')).is_some();
                continue;
            }
            ')' if open == 0 => return Some("a parenthesis that was never opened"),
            ')' => open -= 1,
            '|' => {
                anything_before = false;
                continue;
            }
            '*' | '+' | '?' if !anything_before => {
                return Some("a quantifier with nothing before it");
            }
            _ => {}
        }
        anything_before = true;
    }
    (open > 0).then_some("a parenthesis that is never closed")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_no_engine_reads_is_told_from_what_some_do() {
        for broken in ["(", "a)", "[a-z", "*a", "a|+", "(?:a", "a\\", "^(?=x(y)$", "(+a)"] {
            assert!(flaw(broken).is_some(), "{broken}");
        }
        for readable in [
            "",
            "^[a-z]+$",
            "]?",
            "^\\[?a-z]?$",
            "(?:a|b)*",
            "\\(",
            "[(]",
            "[\\](]",
            "a{2,3}",
            "^(?!x)\\w+]?$",
            "\\p{L}+",
            "[[:alpha:](]",
            "[](]",
            "(?<year>\\d{4})",
            "a++",
            "a*?",
            "(?x) ( # )",
            "()",
            "(?i)a",
            "{",
            "^*",
        ] {
            assert_eq!(flaw(readable), None, "{readable}");
        }
    }

    #[test]
    fn patterns_are_found_where_schemas_are_and_not_in_data() {
        let schema = json!({
            "properties": {
                "pattern": {"type": "string", "pattern": "a"},
                "b": {"anyOf": [{"pattern": "b"}], "default": {"pattern": "("}, "enum": [{"pattern": "("}]},
            },
            "patternProperties": {"^c": {"pattern": "d"}},
        });
        let mut found = Vec::new();
        collect(&schema, &mut found);
        found.sort_unstable();
        assert_eq!(found, ["^c", "a", "b", "d"]);
    }
}
