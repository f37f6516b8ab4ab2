//! URIs by the grammar of RFC 3986, and URI templates by that of RFC 6570; written from the texts.

/// Why a text is no URI, if it is none: RFC 3986, appendix A, rule `URI`.
pub(crate) fn flaw(text: &str) -> Option<String> {
    let Some((scheme, rest)) = text.split_once(':') else { return Some("no scheme".into()) };
    let first = scheme.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    if !first || !scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
        return Some(format!("the scheme is {scheme:?}"));
    }
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (hierarchy, query) = rest.split_once('?').unwrap_or((rest, ""));
    let part = |what: &str, text: &str, extra: &str| {
        characters(text, extra).map(|why| format!("{why} in the {what}"))
    };
    part("fragment", fragment, ":@/?").or_else(|| part("query", query, ":@/?")).or_else(|| {
        match hierarchy.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                self::authority(authority).or_else(|| part("path", path, ":@/"))
            }
            None => part("path", hierarchy, ":@/"),
        }
    })
}

fn authority(text: &str) -> Option<String> {
    let (user, host) = text.rsplit_once('@').unwrap_or(("", text));
    if let Some(why) = characters(user, ":") {
        return Some(format!("{why} in the user information"));
    }
    let (host, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, after)) => {
                let fits = address.parse::<std::net::Ipv6Addr>().is_ok()
                    || address.starts_with(['v', 'V']);
                if !fits {
                    return Some(format!("the host is {text:?}"));
                }
                ("", after.strip_prefix(':').unwrap_or(after))
            }
            None => return Some("an address without its closing bracket".into()),
        },
        None => host.split_once(':').unwrap_or((host, "")),
    };
    if let Some(bad) = port.chars().find(|c| !c.is_ascii_digit()) {
        return Some(format!("{bad:?} in the port"));
    }
    characters(host, "").map(|why| format!("{why} in the host"))
}

/// Whether unreserved characters, sub-delimiters, escapes and `extra` are all there is.
fn characters(text: &str, extra: &str) -> Option<String> {
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escape = || rest.clone().take(2).filter(char::is_ascii_hexdigit).count() == 2;
        let fits = match c {
            '%' => escape(),
            _ => c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=".contains(c) || extra.contains(c),
        };
        if !fits {
            return Some(if c == '%' { "a broken escape".into() } else { format!("{c:?}") });
        }
    }
    None
}

/// Why a text is no URI template, if it is none: RFC 6570, section 2.
pub(crate) fn template_flaw(text: &str) -> Option<String> {
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        if let Some(why) = literal(&rest[..at]) {
            return Some(why);
        }
        if rest[at..].starts_with('}') {
            return Some("a `}` without its `{`".into());
        }
        let inner = &rest[at + 1..];
        let Some((expression, after)) = inner.split_once('}') else {
            return Some("a `{` without its `}`".into());
        };
        if let Some(why) = self::expression(expression) {
            return Some(why);
        }
        rest = after;
    }
    literal(rest)
}

/// Literals hold anything but controls, spaces and a few delimiters; other scripts are allowed.
fn literal(text: &str) -> Option<String> {
    let bad = |c: char| c.is_control() || c.is_whitespace() || "\"<>\\^`|".contains(c);
    if let Some(c) = text.chars().find(|c| bad(*c)) {
        return Some(format!("{c:?} outside expressions"));
    }
    let mut escapes = text.split('%').skip(1);
    let broken = escapes.any(|e| e.chars().take(2).filter(char::is_ascii_hexdigit).count() != 2);
    broken.then(|| "a broken escape".into())
}

fn expression(text: &str) -> Option<String> {
    let variables = match text.chars().next() {
        None => return Some("an empty expression".into()),
        Some(operator) if "+#./;?&".contains(operator) => &text[1..],
        Some(reserved) if "=,!@|".contains(reserved) => {
            return Some(format!("the reserved operator {reserved:?}"));
        }
        Some(_) => text,
    };
    variables.split(',').find_map(variable)
}

fn variable(text: &str) -> Option<String> {
    let name = match text.strip_suffix('*') {
        Some(name) => name,
        None => match text.split_once(':') {
            Some((name, length)) => {
                let fits = length.len() <= 4
                    && length.parse::<u16>().is_ok_and(|n| n > 0)
                    && !length.starts_with('0');
                if !fits {
                    return Some(format!("the prefix length {length:?}"));
                }
                name
            }
            None => text,
        },
    };
    let fits = |part: &str| {
        let escapes = part
            .split('%')
            .skip(1)
            .all(|e| e.chars().take(2).filter(char::is_ascii_hexdigit).count() == 2);
        escapes
            && !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '%')
    };
    (!name.split('.').all(fits)).then(|| format!("the variable {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_3986_are_uris() {
        for text in [
            "ftp://ftp.is.co.za/rfc/rfc1808.txt",
            "http://www.ietf.org/rfc/rfc2396.txt",
            "ldap://[2001:db8::7]/c=GB?objectClass?one",
            "mailto:John.Doe@example.com",
            "news:comp.infosystems.www.servers.unix",
            "tel:+1-816-555-1212",
            "telnet://192.0.2.16:80/",
            "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
            "file:///srv/a%20b.txt",
            "file:///",
            "test://static-text",
            "git://host/repo.git?ref=a/b#L1",
            "x-custom+v1.0:opaque",
        ] {
            assert_eq!(flaw(text), None, "{text}");
        }
        for text in [
            "no-scheme",
            "/relative/path",
            "",
            ":empty",
            "1a://x",
            "test://not a <uri>",
            "file:///C:\\x",
            "file:///ü",
            "test://x%2",
            "http://[::1",
            "http://host:80a/",
            "test://a#b#c",
        ] {
            assert!(flaw(text).is_some(), "{text}");
        }
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
            assert_eq!(template_flaw(text), None, "{text}");
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
            assert!(template_flaw(text).is_some(), "{text}");
        }
    }
}
