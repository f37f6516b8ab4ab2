//! basic/authorization#scope-selection-strategy: what a client asks for.

use plumb_runner::client::Moment;
use plumb_runner::client::protected::{Flow, Scene, Step, scopes as known};
use plumb_runner::{Check, Marks, check};

use super::{ANY, scopes};

pub(crate) const CHECKS: &[&Check] =
    &[&UNLISTED, &CHALLENGED, &SUPPORTED, &OMITTED, &LEAST, &OFFLINE];

/// Scopes that are about the user or the client, and no server's to grant.
const OF_THE_CLIENT: [&str; 2] = [known::OFFLINE, "openid"];

check! {
    /// **Observed:** a client that asks for scopes asks for the one of the challenge, though no metadata lists it.
    ///
    /// **Why:** the challenge says what the request needs; the list is neither all that there is nor all that is needed.
    ///
    /// **Fix:** take the scopes of the challenge as they are.
    pub(crate) UNLISTED = "auth.client.scope-no-relation";
    judges: ["auth.client.scope-authoritative"];
    happening: unlisted
}

fn unlisted(moment: &Moment<'_>, marks: &mut Marks) {
    // Whoever asks for nothing leaves the choice to the authorization server, and assumes nothing.
    if let Some(asked) = first(moment, Scene::ScopeChallenged).and_then(|_| scopes(moment.now())) {
        asks_for(&asked, &[known::UNLISTED], marks);
    }
}

check! {
    /// **Observed:** the scopes of the challenge are asked for.
    ///
    /// **Why:** with others, the token is refused once more.
    ///
    /// **Fix:** read `scope` of the challenge before `scopes_supported`.
    pub(crate) CHALLENGED = "auth.client.scope-priority-1";
    happening: challenged
}

fn challenged(moment: &Moment<'_>, marks: &mut Marks) {
    for scene in [Scene::ScopeChallenged, Scene::Document] {
        if let Some(scope) = first(moment, scene).and_then(|flow| flow.facts.challenged) {
            asks_for(&scopes(moment.now()).unwrap_or_default(), &[scope], marks);
        }
    }
}

check! {
    /// **Observed:** where the challenge names no scope, all of `scopes_supported` are asked for.
    ///
    /// **Why:** that list is meant as the least that basic work needs.
    ///
    /// **Fix:** ask for all that the metadata of the resource lists.
    pub(crate) SUPPORTED = "auth.client.scope-priority-2";
    happening: supported
}

fn supported(moment: &Moment<'_>, marks: &mut Marks) {
    if let Some(listed) = first(moment, Scene::ScopeSupported).and_then(|flow| flow.facts.supported)
    {
        asks_for(&scopes(moment.now()).unwrap_or_default(), listed, marks);
    }
}

check! {
    /// **Observed:** where nothing names a scope, none is asked for.
    ///
    /// **Why:** an unknown one is refused.
    ///
    /// **Fix:** leave the parameter out.
    pub(crate) OMITTED = "auth.client.scope-omitted";
    happening: omitted
}

fn omitted(moment: &Moment<'_>, marks: &mut Marks) {
    if first(moment, Scene::ScopeUndefined).is_some() {
        if moment.now().query("scope").is_some_and(|scope| scope.trim().is_empty()) {
            return marks.breaks("no `scope`", "an empty one");
        }
        let asked = beyond(&scopes(moment.now()).unwrap_or_default(), &[]);
        marks.expect(asked.is_empty(), "no `scope`", || format!("{asked:?}"));
    }
}

check! {
    /// **Observed:** nothing is asked for that the challenge does not name.
    ///
    /// **Why:** what a token cannot do, nobody can do with it who steals it.
    ///
    /// **Fix:** ask for more when more is wanted.
    pub(crate) LEAST = "auth.client.least-privilege";
    happening: least
}

fn least(moment: &Moment<'_>, marks: &mut Marks) {
    for scene in [Scene::ScopeChallenged, Scene::Document] {
        let challenged = first(moment, scene).and_then(|flow| flow.facts.challenged);
        let Some((scope, asked)) = challenged.zip(scopes(moment.now())) else { continue };
        let beyond = beyond(&asked, &[scope]);
        marks.expect(beyond.is_empty(), format!("{scope} alone"), || format!("{beyond:?} besides"));
    }
}

check! {
    /// **Observed:** `offline_access` is asked for only where the authorization server lists it.
    ///
    /// **Why:** another one may refuse the whole request for it.
    ///
    /// **Fix:** look into `scopes_supported` of its metadata first.
    pub(crate) OFFLINE = "client.refresh.offline-access";
    happening: offline
}

fn offline(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Authorization) else { return };
    if flow.facts.scene.lists_offline_access() {
        return;
    }
    let asked = scopes(moment.now()).unwrap_or_default();
    let offline = asked.iter().any(|scope| scope == known::OFFLINE);
    marks.expect(!offline, "no `offline_access`, which is not listed", || "it is asked for".into());
}

/// The flow, if this is the first authorization request of a scene.
fn first<'a>(moment: &Moment<'a>, scene: Scene) -> Option<Flow<'a>> {
    moment.at_first(&[scene], Step::Authorization)
}

fn asks_for(asked: &[String], needed: &[&str], marks: &mut Marks) {
    let all = needed.iter().all(|scope| asked.iter().any(|of| of == scope));
    marks.expect(all, format!("`scope` has {needed:?}"), || format!("it has {asked:?}"));
}

/// What is asked for beyond this, and beyond what is no server's to grant.
fn beyond(asked: &[String], needed: &[&str]) -> Vec<String> {
    let own = |scope: &&String| !OF_THE_CLIENT.contains(&scope.as_str());
    let more = |scope: &&String| !needed.contains(&scope.as_str());
    asked.iter().filter(own).filter(more).cloned().collect()
}
