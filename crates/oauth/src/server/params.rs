//! Request parameters as OAuth reads them.

use url::form_urlencoded;

/// The parameters of a query or of a form, in order. One without a value counts as absent
/// (RFC 6749 section 3.1).
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(String, String)>);

impl Params {
    pub(super) fn parse(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded).into_owned();
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn one(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.one(name).map(str::to_owned)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// A name that stands twice; only `resource` may (RFC 6749 section 3.1, RFC 8707 section 2).
    pub(super) fn repeated(&self) -> Option<&str> {
        let names = self.0.iter().map(|(name, _)| name.as_str());
        let mut seen = std::collections::BTreeSet::new();
        names.filter(|name| *name != "resource").find(|name| !seen.insert(*name))
    }

    /// The scope tokens of `scope` (RFC 6749 section 3.3).
    pub(super) fn scopes(&self) -> Option<Vec<String>> {
        self.one("scope")
            .map(|s| s.split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_resource_stands_twice_and_an_empty_value_is_none() {
        let params = Params::parse(b"resource=a&resource=b&state=&scope=x++y");
        assert_eq!(params.repeated(), None);
        assert_eq!(params.one("state"), None);
        assert_eq!(params.all("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(params.scopes().expect("a scope"), ["x", "y"]);
        assert_eq!(Params::parse(b"code=1&code=2").repeated(), Some("code"));
    }
}
