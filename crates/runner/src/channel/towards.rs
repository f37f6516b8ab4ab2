//! The way to addresses that the target names.

use std::sync::Arc;

use plumb_wire::Limits;
use plumb_wire::http::{Client, ClientOptions, Endpoint};

use super::{Channel, Way};
use crate::Trouble;

impl Channel {
    /// The way to a URL, and its path and query: `None` where it is at the origin of the target, over HTTP. Who is named by the
    /// target is not reached in a private network that the target is not in.
    pub(crate) fn towards(&self, url: &str) -> Result<(Option<Self>, String), Trouble> {
        let limits = match &self.way {
            Way::Http(client, _) => client.limits().clone(),
            Way::Stdio(_) => Limits::default(),
        };
        self.towards_within(url, limits)
    }

    /// The same, within these limits.
    pub(crate) fn towards_within(
        &self,
        url: &str,
        limits: Limits,
    ) -> Result<(Option<Self>, String), Trouble> {
        let other = Endpoint::parse(url)?;
        let target = other.target().to_owned();
        if self.endpoint().is_some_and(|own| own.origin() == other.origin()) {
            return Ok((None, target));
        }
        let named_by = self.endpoint().cloned();
        let options = ClientOptions { limits, named_by, ..ClientOptions::default() };
        let client = Client::new(other, options, self.recorder.clock)?;
        let elsewhere = Self::new(Way::Http(client, None), Arc::clone(&self.recorder));
        Ok((Some(elsewhere.of(self)), target))
    }
}
