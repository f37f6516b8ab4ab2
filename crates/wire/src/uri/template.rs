//! URI templates by RFC 6570.

use std::collections::BTreeMap;

use iri_string::spec::UriSpec;
use iri_string::template::UriTemplateStr;
use iri_string::template::simple_context::SimpleContext;

/// Why a text is no URI template, if it is none: RFC 6570, section 2.
pub fn flaw(text: &str) -> Option<String> {
    if let Err(error) = UriTemplateStr::new(text) {
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
    let template = UriTemplateStr::new(template);
    let names = template.iter().flat_map(|t| t.variables());
    names.map(|name| name.as_str().to_owned()).collect()
}

/// The template with these values in place of its variables; a variable without a value is left out. `None` for what
/// is no template.
pub fn expand(template: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let template = UriTemplateStr::new(template).ok()?;
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

#[cfg(test)]
mod tests {
    use super::*;

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
