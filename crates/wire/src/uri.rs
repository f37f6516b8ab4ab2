//! URIs by the grammar of RFC 3986.

pub mod template;

use iri_string::spec::UriSpec;
use iri_string::validate::iri;

/// Why a text is no URI, if it is none: RFC 3986, appendix A, rule `URI`.
pub fn flaw(text: &str) -> Option<String> {
    let error = iri::<UriSpec>(text).err()?.to_string();
    Some(error.trim_start_matches("invalid IRI: ").to_owned())
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
}
