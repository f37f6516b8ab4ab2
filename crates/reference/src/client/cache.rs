//! What the client keeps of results, and for how long.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::rules::ClientRules;

/// Results that are fresh, by method and parameters.
#[derive(Debug, Default)]
pub(super) struct Cache {
    kept: BTreeMap<String, (Instant, Value)>,
    /// Whether lists of tools are kept as well.
    pub(super) keeps_all: bool,
    /// Whether a list of prompts, or a resource, changed since it was kept.
    pub(super) changed: Arc<AtomicBool>,
}

impl Cache {
    /// What is kept of this request, if it is fresh.
    pub(super) fn fresh(
        &mut self,
        rules: &ClientRules,
        method: &str,
        params: &Value,
    ) -> Option<Value> {
        if rules.invalidates && self.changed.swap(false, Ordering::Relaxed) {
            let known = ["prompts/list", "resources/read"];
            let spared = if rules.forgets_what_is_updated { 2 } else { 1 };
            let stale = |key: &str| known[..spared].iter().any(|of| key.starts_with(of));
            self.kept.retain(|key, _| !stale(key));
        }
        let (until, result) = self.kept.get_mut(&key(rules, method, params))?;
        if !rules.keeps_the_first_time && Instant::now() < *until {
            let ttl = result["ttlMs"].as_u64().unwrap_or_default();
            *until = Instant::now() + Duration::from_millis(ttl);
        }
        (Instant::now() < *until || !rules.refetches_stale).then(|| result.clone())
    }

    /// Keeps a result for as long as it says.
    pub(super) fn keep(
        &mut self,
        rules: &ClientRules,
        method: &str,
        params: &Value,
        result: &Value,
    ) {
        let ttl = match result.get("ttlMs").map(Value::as_i64) {
            Some(Some(ttl)) if ttl < 0 => i64::from(!rules.negative_is_stale) * 600_000,
            Some(Some(0)) => i64::from(!rules.zero_is_stale) * 600_000,
            Some(Some(ttl)) => ttl,
            _ => i64::from(!rules.absent_is_stale) * 600_000,
        };
        // By its first page alone, a list would be kept as a whole.
        let paged = params.get("cursor").is_some() && !rules.keeps_pages_apart;
        let ttl = if paged { 600_000 } else { ttl };
        let keeps_all = self.keeps_all || !rules.keeps_private_apart;
        let kept = method != "tools/call" && (keeps_all || result.get("tools").is_none());
        if rules.keeps_fresh && ttl > 0 && kept {
            let ttl = if rules.counts_milliseconds { ttl } else { ttl / 1000 };
            let until = Instant::now() + Duration::from_millis(ttl.unsigned_abs());
            self.kept.insert(key(rules, method, params), (until, result.clone()));
        }
    }

    /// Forgets everything, as what is private is for one token alone.
    pub(super) fn forget_all(&mut self) {
        self.kept.clear();
    }

    /// Forgets the pages of a list.
    pub(super) fn forget(&mut self, method: &str) {
        self.kept.retain(|key, _| !key.starts_with(method));
    }
}

fn key(rules: &ClientRules, method: &str, params: &Value) -> String {
    if method == "resources/list" {
        if !rules.keeps_first_pages_apart {
            return method.to_owned();
        }
        if params.get("cursor").is_some() && !rules.keeps_later_pages_apart {
            return format!("{method} from a cursor");
        }
    }
    if method == "resources/read" && !rules.keeps_by_parameters {
        return method.to_owned();
    }
    let key = format!("{method} {params}");
    if rules.keeps_keys_as_they_are { key } else { key.to_lowercase() }
}
