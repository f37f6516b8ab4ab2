//! JSON as it crossed the wire, laid out over lines and otherwise untouched: duplicate keys, the spelling of
//! numbers and escapes are evidence.

use serde::de::IgnoredAny;

/// The text over several lines, two spaces a level; none if it is no JSON.
pub(crate) fn laid_out(text: &str) -> Option<String> {
    serde_json::from_str::<IgnoredAny>(text).ok()?;
    let mut layout = Layout { out: String::with_capacity(text.len() * 2), depth: 0 };
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let taken = if c == '"' { string_length(rest) } else { c.len_utf8() };
        layout.take(&rest[..taken], rest[taken..].trim_start());
        rest = &rest[taken..];
    }
    Some(layout.out)
}

/// Bytes of the string that the text begins with, quotes included.
pub(crate) fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|b| {
        let ends = b == b'"' && !escaped;
        escaped = b == b'\\' && !escaped;
        ends
    });
    end.map_or(text.len(), |at| at + 2)
}

struct Layout {
    out: String,
    depth: usize,
}

impl Layout {
    fn take(&mut self, token: &str, next: &str) {
        match token {
            " " | "\t" | "\n" | "\r" => {}
            "{" | "[" => {
                self.out.push_str(token);
                self.depth += 1;
                if !next.starts_with(['}', ']']) {
                    self.line();
                }
            }
            "}" | "]" => {
                self.depth = self.depth.saturating_sub(1);
                if !self.out.ends_with(['{', '[']) {
                    self.line();
                }
                self.out.push_str(token);
            }
            "," => {
                self.out.push(',');
                self.line();
            }
            ":" => self.out.push_str(": "),
            _ => self.out.push_str(token),
        }
    }

    fn line(&mut self) {
        // Deep nesting must not make the text quadratic.
        let indent = self.depth.min(24) * 2;
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_laid_out_and_nothing_of_it_changes() {
        let text = r#" {"a" :1.00,"a":[{}, [ ] ,"x\"]",-0e1],"é":null}"#;
        let laid = "{\n  \"a\": 1.00,\n  \"a\": [\n    {},\n    [],\n    \"x\\\"]\",\n    -0e1\n  ],\n  \"é\": null\n}";
        assert_eq!(laid_out(text).as_deref(), Some(laid));
        assert_eq!(laid_out("{\"a\":"), None);
    }
}
