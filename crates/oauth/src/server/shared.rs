//! What all tenants of a server have in common.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::Profile;
use super::cimd::Fetcher;
use super::consent::Decision;
use super::log::Log;

/// How many scripted decisions wait at most.
const SCRIPT: usize = 1024;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) profile: Profile,
    /// Scheme, host and port.
    pub(super) base: String,
    pub(super) scopes: Vec<String>,
    /// The resources that tokens are issued for; empty means any.
    pub(super) resources: Vec<String>,
    pub(super) default_decision: Decision,
    pub(super) script: Mutex<VecDeque<Decision>>,
    pub(super) log: Arc<Log>,
    pub(super) fetcher: Fetcher,
}

impl Shared {
    pub(super) fn next_decision(&self) -> Decision {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.pop_front().unwrap_or_else(|| self.default_decision.clone())
    }

    pub(super) fn decide(&self, decisions: impl IntoIterator<Item = Decision>) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.extend(decisions);
        script.truncate(SCRIPT);
    }

    /// The scopes that metadata lists.
    pub(super) fn listed_scopes(&self) -> Vec<String> {
        let mut scopes = self.scopes.clone();
        let offline = self.profile.offline_access_listed.then_some("offline_access");
        for more in ["openid"].into_iter().chain(offline) {
            if !scopes.iter().any(|s| s == more) {
                scopes.push(more.to_owned());
            }
        }
        scopes
    }
}
