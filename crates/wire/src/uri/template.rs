//! URI templates by RFC 6570.

use std::borrow::Cow;
use std::collections::BTreeMap;

use iri_string::spec::{IriSpec, UriSpec};
use iri_string::template::UriTemplateStr;
use iri_string::template::simple_context::SimpleContext;
use iri_string::validate::iri_reference;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Why a text is no URI template, if it is none: RFC 6570, section 2.
pub fn flaw(text: &str) -> Option<String> {
    if let Err(error) = UriTemplateStr::new(&in_ascii(text)) {
        return Some(error.to_string().trim_start_matches("invalid URI template: ").to_owned());
    }
    // The library lets any number pass: section 2.4.1 has one to four digits, the first of them no zero.
    let expressions = text.split('{').skip(1).filter_map(|rest| rest.split('}').next());
    let mut lengths =
        expressions.flat_map(|e| e.split(',')).filter_map(|v| Some(v.split_once(':')?.1));
    let wrong = lengths.find(|length| length.len() > 4 || length.starts_with('0'));
    wrong.map(|length| format!("the prefix length {length:?}"))
}

/// The names of the variables of a template, in their order; none for what is no template.
pub fn variables(template: &str) -> Vec<String> {
    let template = in_ascii(template);
    let template = UriTemplateStr::new(&template);
    let names = template.iter().flat_map(|t| t.variables());
    names.map(|name| name.as_str().to_owned()).collect()
}

/// The template with these values in place of its variables; a variable without a value is left out. `None` for what
/// is no template.
pub fn expand(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let template = in_ascii(template);
    let template = UriTemplateStr::new(&template).ok()?;
    let mut context = SimpleContext::new();
    for (name, value) in values {
        context.insert(name.as_str(), value.as_str());
    }
    Some(template.expand::<UriSpec, _>(&context).ok()?.to_string())
}

/// The template with one value in place of every variable. `None` for what is no template.
pub fn expand_with(template: &str, value: &str) -> Option<String> {
    let names = variables(template).into_iter();
    expand(template, &names.map(|name| (name, value.to_owned())).collect())
}

/// The template with its literals beyond ASCII as a URI has them: RFC 6570 allows them (section 2.1), and they are expanded to
/// that (section 3.1). The library allows ASCII alone.
fn in_ascii(template: &str) -> Cow<'_, str> {
    if template.is_ascii() {
        return template.into();
    }
    let mut within = false;
    let mut text = String::with_capacity(template.len() * 3);
    for c in template.chars() {
        within = c == '{' || within && c != '}';
        if !within && is_literal_beyond_ascii(c) {
            text.extend(utf8_percent_encode(c.encode_utf8(&mut [0; 4]), NON_ALPHANUMERIC));
        } else {
            text.push(c);
        }
    }
    text.into()
}

/// Whether it is `ucschar` or `iprivate`, which are what the query of an IRI has beyond ASCII: RFC 3987, section 2.2.
fn is_literal_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && iri_reference::<IriSpec>(&format!("?{c}")).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_beyond_ascii_are_expanded_to_their_escapes() {
        for text in ["test://café/{name}", "x://{a}/日本/{b}", "x:\u{1f600}", "x:?\u{e000}{q}"] {
            assert_eq!(flaw(text), None, "{text}");
        }
        for text in ["x://{café}", "x:\u{80}", "x:\u{fdd0}", "x:\u{fffd}", "café {x}"] {
            assert!(flaw(text).is_some(), "{text}");
        }
        assert_eq!(variables("x://{a}/日本/{b}"), ["a", "b"]);
        let expanded = expand_with("test://café/{name}", "é");
        assert_eq!(expanded.as_deref(), Some("test://caf%C3%A9/%C3%A9"));
    }

    #[test]
    fn the_examples_of_rfc_6570_are_templates() {
        for text in [
            "http://example.com/~{username}/",
            "{+path}/here",
            "{#x,hello,y}",
            "map?{x,y}",
            "{/var:3,x}{.dom*}",
            "{;x,y,empty}{?q,lang}{&number*}",
            "{first%20name}",
            "{semi.dotted.name}",
            "test://plain",
            "file:///{path}",
        ] {
            assert_eq!(flaw(text), None, "{text}");
        }
        for text in [
            "{",
            "}",
            "{}",
            "a{b",
            "a}b",
            "{a{b}}",
            "{=x}",
            "{x y}",
            "{x:0}",
            "{x:10000}",
            "{x*:3}",
            "{a,,b}",
            "a b",
            "{+}",
        ] {
            assert!(flaw(text).is_some(), "{text}");
        }
    }

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
        assert_eq!(expand("{var:3}", &values).as_deref(), Some("val"));
        assert_eq!(expand("{var", &values), None);
    }

    #[test]
    fn every_variable_is_named_and_expanded() {
        assert_eq!(variables("a://{x}/{+y*}{?q,r:3}"), ["x", "y", "q", "r"]);
        assert_eq!(expand_with("a://{x}/b/{+y}", "1").as_deref(), Some("a://1/b/1"));
        assert_eq!(expand_with("a://x{?q}", "1").as_deref(), Some("a://x?q=1"));
        assert_eq!(variables("a://{x"), [""; 0]);
    }
}
