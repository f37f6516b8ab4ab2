//! What a check of authorization servers works with: the server, visited as browsers and clients visit it, and a place for
//! what it finds.

use std::sync::Arc;

use plumb_model::pack::{Kind, Pack, Vector};
use plumb_wire::http::HttpRequest;
use serde_json::Value;

use super::AuthorizationServer;
use crate::evidence::Evidence;
use crate::lab::vectors::address;
use crate::pace;
use crate::{Judgement, Observed, Trouble};

/// An authorization server in the hands of one check: everything sent is evidence of it.
pub struct Visit {
    server: Arc<AuthorizationServer>,
    packs: Arc<[Pack]>,
    pub(crate) evidence: Evidence,
}

impl Visit {
    pub(crate) fn new(
        check: &'static str,
        server: Arc<AuthorizationServer>,
        packs: Arc<[Pack]>,
    ) -> Self {
        Self { server, packs, evidence: Evidence::of(check) }
    }

    /// The server.
    pub fn server(&self) -> &AuthorizationServer {
        &self.server
    }

    /// The vectors that the check carries out, each with the address of its case.
    pub fn vectors(&self) -> Vec<(String, Vector)> {
        let check = self.evidence.check();
        let flows = |v: &&Vector| matches!(v.kind, Kind::Grant(_));
        let named = |v: &&Vector| v.judges.iter().any(|id| id == check);
        let vectors = self.packs.iter().flat_map(Pack::vectors).filter(flows).filter(named);
        let cases = |v: &Vector| -> Vec<(String, Vector)> {
            v.bases.iter().map(|base| (address(v, *base), v.clone())).collect()
        };
        vectors.flat_map(cases).collect()
    }

    /// Sends a request and waits for the whole answer; again, as long as it is turned away for a while and may be worth it.
    pub async fn send(&self, url: &str, request: HttpRequest) -> Result<Observed, Trouble> {
        let pace = Arc::clone(&self.server.recorder()?.pace);
        let mut tries = 0;
        loop {
            pace.slot().await;
            let seen = self.server.send(self.evidence.check(), url, request.clone()).await?;
            self.note(&seen);
            if !seen.status().is_some_and(pace::turns_away) {
                pace.served();
                return Ok(seen);
            }
            let header = |name: &'static str| seen.header(name).next();
            let told = pace::retry_after(header("retry-after"), header("date"), None);
            tries += 1;
            let Some(wait) = pace.turned_away(tries, seen.status(), told) else { return Ok(seen) };
            tokio::time::sleep(wait).await;
        }
    }

    /// Posts JSON.
    pub async fn post_json(&self, url: &str, body: &Value) -> Result<Observed, Trouble> {
        let request = HttpRequest::new("POST", body.to_string())
            .header("Content-Type", "application/json")
            .header("Accept", "application/json");
        self.send(url, request).await
    }

    /// Keeps a secret out of every event from now on.
    pub fn hide(&self, secret: &str) {
        self.server.hide(secret);
    }

    /// Counts an exchange as evidence.
    pub fn note(&self, seen: &Observed) {
        self.evidence.note(seen);
    }

    /// Counts the answers at the places of metadata, which were fetched at the start of the run, as evidence; those with metadata
    /// come last, where a reader looks.
    pub fn note_metadata(&self) {
        let mut places: Vec<_> = self.server.places.iter().collect();
        places.sort_by_key(|place| place.document.is_some());
        places.into_iter().filter_map(|p| p.seen.as_ref()).for_each(|seen| self.note(seen));
    }

    /// Judges one case; its evidence is what was sent since the last one.
    pub fn case(&self, slug: &str, title: impl Into<String>, judgement: Judgement) {
        self.evidence.case(slug, title.into(), judgement);
    }

    /// The finding over the cases so far.
    pub fn conclude(&self) -> Judgement {
        self.evidence.conclude()
    }
}
