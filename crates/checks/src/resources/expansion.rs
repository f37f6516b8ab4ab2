//! Expanding URI templates by RFC 6570, as far as values are plain strings: levels 1 to 3.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How the values of an expression are written: RFC 6570, appendix A.
struct Operator {
    first: &'static str,
    between: &'static str,
    named: bool,
    /// Whether a name without a value keeps its `=`.
    equals: bool,
    reserved: bool,
}

impl Operator {
    fn of(expression: &str) -> (Self, &str) {
        let plain =
            |first, between| Self { first, between, named: false, equals: false, reserved: false };
        let named =
            |first, between, equals| Self { first, between, named: true, equals, reserved: false };
        let operator = match expression.chars().next() {
            Some('+') => Self { reserved: true, ..plain("", ",") },
            Some('#') => Self { reserved: true, ..plain("#", ",") },
            Some('.') => plain(".", "."),
            Some('/') => plain("/", "/"),
            Some(';') => named(";", ";", false),
            Some('?') => named("?", "&", true),
            Some('&') => named("&", "&", true),
            _ => return (plain("", ","), expression),
        };
        (operator, &expression[1..])
    }
}

/// The template with these values in place of its variables; a variable without a value is left out. `None` for what
/// is no template, or cuts a value to a prefix.
pub(crate) fn expand(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (expression, tail) = after.split_once('}')?;
        out.push_str(before);
        let (operator, names) = Operator::of(expression);
        let mut written = 0;
        for name in names.split(',') {
            let name = name.trim_end_matches('*');
            if name.contains(':') {
                return None;
            }
            let Some(value) = values.get(name) else { continue };
            out.push_str(if written == 0 { operator.first } else { operator.between });
            written += 1;
            if operator.named {
                out.push_str(name);
                if operator.equals || !value.is_empty() {
                    out.push('=');
                }
            }
            encode(value, operator.reserved, &mut out);
        }
        rest = tail;
    }
    out.push_str(rest);
    Some(out)
}

/// Writes a value, everything escaped that is not allowed at its place.
fn encode(value: &str, reserved: bool, into: &mut String) {
    for byte in value.bytes() {
        let c = char::from(byte);
        let stays = c.is_ascii_alphanumeric()
            || "-._~".contains(c)
            || (reserved && ":/?#[]@!$&'()*+,;=".contains(c));
        if stays {
            into.push(c);
        } else {
            // Writing to a string does not fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_6570_expand() {
        let given = [
            ("var", "value"),
            ("hello", "Hello World!"),
            ("path", "/foo/bar"),
            ("empty", ""),
            ("x", "1024"),
            ("y", "768"),
        ];
        let values: BTreeMap<String, String> =
            given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        for (template, expanded) in [
            ("{var}", "value"),
            ("{hello}", "Hello%20World%21"),
            ("{+hello}", "Hello%20World!"),
            ("{+path}/here", "/foo/bar/here"),
            ("here?ref={+path}", "here?ref=/foo/bar"),
            ("X{#hello}", "X#Hello%20World!"),
            ("map?{x,y}", "map?1024,768"),
            ("X{.x,y}", "X.1024.768"),
            ("{/var,x}/here", "/value/1024/here"),
            ("{;x,y,empty}", ";x=1024;y=768;empty"),
            ("{?x,y,empty}", "?x=1024&y=768&empty="),
            ("?fixed=yes{&x}", "?fixed=yes&x=1024"),
            ("{undefined}{?undefined,y}", "?y=768"),
        ] {
            assert_eq!(expand(template, &values).as_deref(), Some(expanded), "{template}");
        }
        assert_eq!(expand("{var:3}", &values), None);
        assert_eq!(expand("{var", &values), None);
    }
}
