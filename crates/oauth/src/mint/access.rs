//! What a token grants.

/// The access that a token grants, named by its audience.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub(crate) resource: String,
    pub(crate) others: Vec<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) subject: String,
    pub(crate) client_id: String,
    pub(crate) lifetime: i64,
    pub(crate) family: Option<String>,
}

impl Access {
    /// Access to a resource (RFC 8707 section 2) by the default principal, without scopes, for 300 s.
    pub fn to(resource: impl Into<String>) -> Self {
        Self {
            resource: resource.into(),
            others: Vec::new(),
            scopes: Vec::new(),
            subject: "alice".to_owned(),
            client_id: "plumb-public".to_owned(),
            lifetime: 300,
            family: None,
        }
    }

    /// The resource that the token is for.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The principal.
    pub fn who(&self) -> &str {
        &self.subject
    }

    /// The scopes.
    pub fn granted(&self) -> &[String] {
        &self.scopes
    }

    /// And to other resources.
    pub fn and(mut self, others: impl IntoIterator<Item = String>) -> Self {
        self.others.extend(others);
        self
    }

    /// With these scopes.
    pub fn scopes<S: Into<String>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes = scopes.into_iter().map(Into::into).collect();
        self
    }

    /// By another principal.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = subject.into();
        self
    }

    /// Through another client.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// For this many seconds from now.
    pub fn lifetime(mut self, seconds: u32) -> Self {
        self.lifetime = i64::from(seconds);
        self
    }

    /// As part of one grant: revoking the family revokes the token.
    pub(crate) fn family(mut self, family: &str) -> Self {
        self.family = Some(family.to_owned());
        self
    }

    /// Scheme, host and port of the resource, and the rest of it.
    pub(crate) fn origin_and_path(&self) -> (&str, &str) {
        let authority = self.resource.find("://").map_or(0, |at| at + 3);
        let end =
            self.resource[authority..].find('/').map_or(self.resource.len(), |at| authority + at);
        self.resource.split_at(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_its_origin_and_its_path() {
        let split = |s: &str| {
            let access = Access::to(s);
            let (origin, path) = access.origin_and_path();
            (origin.to_owned(), path.to_owned())
        };
        assert_eq!(split("https://a.example:1/b/c"), ("https://a.example:1".into(), "/b/c".into()));
        assert_eq!(split("https://a.example"), ("https://a.example".into(), String::new()));
    }
}
