//! Text as HTML: everything escaped here is what the templates take as safe.

use plumb_model::Payload;

use crate::text::{head, size, visible};
use crate::{evidence, json_text};

/// A message as HTML.
pub(super) struct Message {
    /// The lines, escaped and coloured.
    pub(super) html: String,
    /// What was left out, if anything.
    pub(super) cut: Option<String>,
}

/// A message of at most `max` bytes, with the lines marked that stand in `marked`.
pub(super) fn message(payload: &Payload, max: usize, marked: &[String]) -> Message {
    let json = payload.text().and_then(json_text::laid_out);
    let is_json = json.is_some();
    let text = json.unwrap_or_else(|| evidence::plain(payload));
    let shown = head(&text, max);
    let cut = (shown.len() < text.len())
        .then(|| format!("cut here: {} in all, whole in run.jsonl", size(payload.len())));
    let mut html = String::with_capacity(shown.len() * 2);
    for (n, line) in visible(shown).split('\n').enumerate() {
        if n > 0 {
            html.push('\n');
        }
        let bare = line.trim().trim_end_matches(',');
        let mark = marked.iter().any(|m| m == bare);
        html.push_str(if mark { "<mark>" } else { "" });
        if is_json {
            json_line(line, &mut html);
        } else {
            escape(line, &mut html);
        }
        html.push_str(if mark { "</mark>" } else { "" });
    }
    Message { html, cut }
}

/// One line of laid-out JSON: perhaps a key, then a value or punctuation.
fn json_line(line: &str, html: &mut String) {
    let rest = line.trim_start();
    html.push_str(&line[..line.len() - rest.len()]);
    let key = if rest.starts_with('"') { json_text::string_length(rest) } else { 0 };
    let value = match rest.get(key..).and_then(|r| r.strip_prefix(": ")) {
        Some(value) if key > 0 => {
            coloured("k", &rest[..key], html);
            html.push_str(": ");
            value
        }
        _ => rest,
    };
    let bare = value.trim_end_matches(',');
    match bare.chars().next() {
        Some('"') => coloured("s", bare, html),
        Some('-' | '0'..='9' | 't' | 'f' | 'n') => coloured("n", bare, html),
        _ => escape(bare, html),
    }
    html.push_str(&value[bare.len()..]);
}

fn coloured(class: &str, text: &str, html: &mut String) {
    html.extend(["<span class=", class, ">"]);
    escape(text, html);
    html.push_str("</span>");
}

/// A check's documentation: paragraphs, lists, emphasis and code of Markdown; all else is text.
pub(super) fn docs(markdown: &str) -> String {
    let mut html = String::new();
    for block in visible(markdown).split("\n\n").map(str::trim).filter(|b| !b.is_empty()) {
        if block.lines().all(|l| l.starts_with("- ") || l.starts_with("  ")) {
            html.push_str("<ul>");
            for item in block.strip_prefix("- ").unwrap_or(block).split("\n- ") {
                wrapped("li", item, &mut html);
            }
            html.push_str("</ul>");
        } else {
            wrapped("p", block.trim_start_matches(['#', ' ']), &mut html);
        }
    }
    html
}

/// Text of one paragraph, with code between backticks.
pub(super) fn phrase(text: &str) -> String {
    let mut html = String::new();
    coded(&visible(text), escape, &mut html);
    html
}

fn wrapped(element: &str, text: &str, html: &mut String) {
    html.extend(["<", element, ">"]);
    coded(text, emphasised, html);
    html.extend(["</", element, ">"]);
}

fn coded(text: &str, between: fn(&str, &mut String), html: &mut String) {
    let paired = text.matches('`').count().is_multiple_of(2);
    if !paired {
        return between(text, html);
    }
    for (n, part) in text.split('`').enumerate() {
        if n % 2 == 0 {
            between(part, html);
        } else {
            html.push_str("<code>");
            escape(part, html);
            html.push_str("</code>");
        }
    }
}

fn emphasised(text: &str, html: &mut String) {
    let parts: Vec<&str> = text.split("**").collect();
    let paired = parts.len() % 2 == 1;
    for (n, part) in parts.into_iter().enumerate() {
        let strong = paired && n % 2 == 1;
        html.push_str(if strong { "<strong>" } else { "" });
        escape(part, html);
        html.push_str(if strong { "</strong>" } else { "" });
    }
}

/// Whether an address may be a link.
pub(super) fn is_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

fn escape(text: &str, html: &mut String) {
    for c in text.chars() {
        match c {
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '&' => html.push_str("&amp;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_coloured_marked_and_escaped() {
        let payload = Payload::from("{\"a<b\":[1,\"</pre>, \"]}".to_owned());
        let shown = message(&payload, 1000, &["1".to_owned()]);
        let expected = "{\n  <span class=k>&quot;a&lt;b&quot;</span>: [\n    <mark><span class=n>1</span>,</mark>\n    \
                        <span class=s>&quot;&lt;/pre&gt;, &quot;</span>\n  ]\n}";
        assert_eq!(shown.html, expected.replace("    <mark>", "<mark>    "));
        assert!(message(&payload, 5, &[]).cut.is_some());
    }

    #[test]
    fn documentation_is_markup_of_few_kinds() {
        let html = docs("**Fix:** use `a<b`\nnow.\n\n- one\n- `two`\n\n<script>");
        let expected = "<p><strong>Fix:</strong> use <code>a&lt;b</code>\nnow.</p>\
                        <ul><li>one</li><li><code>two</code></li></ul><p>&lt;script&gt;</p>";
        assert_eq!(html, expected);
    }
}
