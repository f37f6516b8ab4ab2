//! What lists say of how long they hold, and how long they really do.

use plumb_wire::method;
use serde_json::{Value, json};

use super::super::ask::Ask;
use super::super::lists::{KINDS, Lists};
use super::Visit;
use crate::Observed;

impl Visit<'_> {
    /// Whether lists say how long and for whom they hold.
    pub(super) fn caching_facts(&self) {
        if self.newest.is_some() {
            return; // What clients of the newest revision get is looked at in its time.
        }
        self.facts_of(&self.lists.pages);
    }

    fn facts_of(&self, pages: &[Observed]) {
        let findings = &self.ground.findings;
        let id = "migrate.cache.facts";
        for page in pages {
            let method = page.method().unwrap_or_default();
            let lacks = |member: &&str| page.result().is_some_and(|r| r.get(*member).is_none());
            let lacking: Vec<&str> =
                ["ttlMs", "cacheScope"].into_iter().filter(|member| lacks(member)).collect();
            if !lacking.is_empty() {
                findings.found(
                    id,
                    format!("`{method}` lacks {}", lacking.join(" and ")),
                    &[page.seq()],
                );
            }
        }
        match pages.len() {
            0 => findings.unseen(id, "no list was read"),
            n => findings.absent(id, format!("{n} pages of lists say so"), &[]),
        }
    }

    /// Whether a list is still the one that it was at the beginning.
    pub(super) async fn caching(&self) {
        let findings = &self.ground.findings;
        if let Some(newest) = &self.newest {
            let lists = Lists::read(newest, "migrate.cache.facts").await;
            self.facts_of(&lists.pages);
        }
        let id = "migrate.cache.list-changes";
        let again = Lists::read(&self.main, id).await;
        let changed = self.lists.differences(&again);
        for (told, seqs) in &changed {
            findings.found(id, format!("within the audit: {told}"), seqs);
        }
        let reordered = self.lists.reordered(&again);
        for (told, seqs) in &reordered {
            findings.found("migrate.cache.order", told, seqs);
        }
        if again.pages.is_empty() {
            return findings.unseen_all(&[id, "migrate.cache.order"], "no list was read twice");
        }
        let between = self.between(&again);
        findings.absent(id, format!("the lists were the same {between} apart"), &[]);
        findings.absent("migrate.cache.order", "the lists came in the same order", &[]);
    }

    /// How long after the first reading the second was, in words.
    fn between(&self, again: &Lists) -> String {
        let at = |lists: &Lists| lists.pages.first().map_or(0, |p| p.exchange.answer.sent_at);
        let seconds = at(again).saturating_sub(at(&self.lists)) / 1_000_000;
        format!("{seconds} s")
    }

    /// The first resource that is listed.
    pub(super) fn first_resource(&self) -> Option<&str> {
        self.lists.of(method::RESOURCES_LIST).iter().find_map(|r| r["uri"].as_str())
    }

    /// A list of this session, asked for in this way.
    pub(super) fn list(&self, by: &str) -> Ask {
        let method = self.declared_list();
        let params =
            if KINDS.iter().any(|kind| kind.method == method) { json!({}) } else { Value::Null };
        Ask::request(by, method, params)
    }
}
