//! basic/authorization/client-registration#authorization-server-binding: one server, and then another.

use plumb_runner::client::protected::{CLIENT_ID, Flow, Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::is_document;
use super::registration::issuer;

pub(crate) const CHECKS: &[&Check] = &[&SEPARATE, &REREGISTER];

check! {
    /// **Observed:** the client identifier that one issuer gave, or that was configured and used with it, is not sent to another, which the
    /// server trusts since.
    ///
    /// **Why:** identifiers and secrets are known to their issuer alone; shown to another they are given away.
    ///
    /// **Fix:** keep credentials by the `issuer` of the validated metadata.
    pub(crate) SEPARATE = "client.as.separate-state";
    judges: ["client.as.no-cross-credentials", "client.bind.no-reuse", "client.bind.key-by-issuer"];
    happening: separate
}

fn separate(moment: &Moment<'_>, marks: &mut Marks) {
    let Some((flow, id)) = at_second(moment) else { return };
    let [first, second] = &flow.facts.issuers;
    let given = flow.facts.scene == Scene::MigrationKnown && id == CLIENT_ID;
    let foreign = issuer(flow, &id).is_some_and(|issuer| issuer == first);
    let foreign = foreign || given && is_used_at(flow, first, &id);
    marks.expect(!foreign, format!("a `client_id` of {second}"), || format!("one of {first}"));
}

check! {
    /// **Observed:** a client that signs in at the new issuer has registered there; and a client that has read which issuer the
    /// server trusts since does not go on to sign in at the former one.
    ///
    /// **Why:** it is unknown there otherwise.
    ///
    /// **Fix:** where no credentials are kept for an issuer, register.
    pub(crate) REREGISTER = "client.bind.reregister";
    happening: reregister
}

fn reregister(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(flow) = moment.at(&[Scene::Migration], Step::Authorization) {
        let [first, second] = &flow.facts.issuers;
        let told = |r: &Received| {
            let read = flow.step(r) == Step::ResourceMetadata;
            read && r.response().is_some_and(|of| of["authorization_servers"][0] == **second)
        };
        if flow.issuer(moment.now()) == Some(first) && moment.before().iter().any(told) {
            let actual = format!("an authorization request at {first}, which is trusted no more");
            return marks.breaks(format!("a registration with {second}"), actual);
        }
    }
    let Some((flow, id)) = at_second(moment) else { return };
    if flow.facts.scene == Scene::MigrationKnown {
        return;
    }
    // The address of a document is known everywhere.
    if !is_document(&id) {
        let second = &flow.facts.issuers[1];
        let registered = issuer(flow, &id).is_some_and(|issuer| issuer == second);
        marks
            .expect(registered, format!("a registration with {second}"), || "there is none".into());
    }
}

/// Whether a token request with this identifier went to this issuer.
fn is_used_at(flow: Flow<'_>, issuer: &str, id: &str) -> bool {
    let here = |r: &Received| flow.issuer(r) == Some(issuer);
    flow.of(Step::Token).any(|r| here(r) && r.client_id().as_deref() == Some(id))
}

/// The flow, and the client identifier of an authorization or token request at the issuer that is trusted later.
fn at_second<'a>(moment: &Moment<'a>) -> Option<(Flow<'a>, String)> {
    let flow = moment.flow().filter(|flow| flow.facts.scene.migrates())?;
    let now = moment.now();
    let here = flow.issuer(now) == Some(&flow.facts.issuers[1]);
    let id = match flow.step(now) {
        Step::Authorization => now.query("client_id"),
        Step::Token => now.client_id(),
        _ => None,
    };
    Some(flow).filter(|_| here).zip(id)
}
