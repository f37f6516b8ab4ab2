//! basic/authorization/authorization-server-discovery: from the server to the authorization server.

use plumb_runner::client::protected::{ASTRAY, CUSTOM, Flow, Scene, Step};
use plumb_runner::client::{ENDPOINT, Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::refuses;

pub(crate) const CHECKS: &[&Check] = &[&USED, &BOTH, &NAMED_FIRST, &ORDER, &PARSED, &RESOURCE];

check! {
    /// **Observed:** a client that looks for metadata asks the authorization server that the metadata of the resource names,
    /// which is at another port.
    ///
    /// **Why:** who issues tokens is the server's to say; nothing else says it.
    ///
    /// **Fix:** read `authorization_servers` of the protected resource metadata (RFC 9728).
    pub(crate) USED = "auth.client.prm";
    happening: used
}

fn used(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.begins(&Scene::OPEN).filter(|flow| flow.whole) else { return };
    let looks = flow.all.iter().any(|received| received.path().contains("/.well-known/"));
    if !looks {
        return; // It does not want to sign in.
    }
    let named = flow.all.iter().any(|r| r.url().starts_with(&flow.facts.authority));
    let expected = format!("a request to {}, which the metadata names", flow.facts.issuers[0]);
    marks.expect(named, expected, || "there is none".into());
}

check! {
    /// **Observed:** a client that signs in finds the metadata of the resource where a challenge names it, and where none does.
    ///
    /// **Why:** a server need do only one of the two.
    ///
    /// **Fix:** read `resource_metadata` of the challenge; without it, ask the well-known URIs.
    pub(crate) BOTH = "client.prm.both-mechanisms";
    happening: both
}

fn both(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::WellKnown, Scene::RootWellKnown, Scene::Appended];
    let Some(flow) = moment.begins(&scenes).filter(|f| f.whole && moment.signs_in()) else {
        return;
    };
    found(flow, marks, "the metadata of the resource is found");
}

fn found(flow: Flow<'_>, marks: &mut Marks, expected: &str) {
    let found = flow.of(Step::ResourceMetadata).any(|r| r.answered() == Some(200));
    marks.expect(found, expected, || {
        let asked: Vec<_> = flow.of(Step::ResourceMetadata).map(|r| r.path().to_owned()).collect();
        format!("it was looked for at {asked:?} only")
    });
}

check! {
    /// **Observed:** after a challenge that names the metadata of the resource, the client asks that URL first.
    ///
    /// **Why:** what stands at a well-known place may be about another resource.
    ///
    /// **Fix:** look at well-known URIs only if the challenge names none.
    pub(crate) NAMED_FIRST = "client.prm.header-first";
    happening: named_first
}

fn named_first(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::Appended, Scene::Inserted];
    let Some(flow) = moment.at(&scenes, Step::ResourceMetadata) else { return };
    // What was asked before any challenge was not asked in spite of one.
    let challenged = moment.before().iter().position(|r| r.answered() == Some(401));
    let Some(challenged) = challenged else { return };
    let mut since = moment.before()[challenged..].iter();
    if since.all(|r| flow.step(r) != Step::ResourceMetadata) {
        let path = moment.now().path();
        marks
            .expect(path == CUSTOM, format!("{CUSTOM}, which the challenge names"), || path.into());
    }
}

check! {
    /// **Observed:** where no challenge names the metadata of the resource, the well-known URI with the server's path is asked
    /// before the one at the root; what that one says, of another authorization server, is not used where the other was found.
    ///
    /// **Why:** several servers may stand behind one host; the root speaks for one of them, if any.
    ///
    /// **Fix:** insert the path of the server first, and go to the root where that is not found.
    pub(crate) ORDER = "client.prm.fallback-order";
    happening: order
}

fn order(moment: &Moment<'_>, marks: &mut Marks) {
    strays(moment, marks);
    let scenes = [Scene::WellKnown, Scene::RootWellKnown];
    let Some(flow) = moment.at(&scenes, Step::ResourceMetadata) else { return };
    let root = "/.well-known/oauth-protected-resource";
    let whole = format!("{root}{}", plumb_runner::client::ENDPOINT);
    if moment.now().path() != root {
        return;
    }
    let before =
        moment.before().iter().any(|r| flow.step(r) == Step::ResourceMetadata && r.path() == whole);
    marks.expect(before, format!("{whole} before {root}"), || "the root came first".into());
}

/// That nobody who has found the metadata at the place with the server's path goes where the root leads.
fn strays(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.begins(&[Scene::WellKnown]) else { return };
    let found = |r: &&Received| r.answered() == Some(200) && r.path().ends_with(ENDPOINT);
    if flow.of(Step::ResourceMetadata).any(|r| found(&r)) {
        let astray = astray(flow);
        marks.expect(astray.is_none(), "the authorization server that it names", || {
            format!("{}, of the one that the root names", astray.map_or("", Received::path))
        });
    }
}

/// What was asked of the authorization server that the metadata at the root name.
pub(super) fn astray(flow: Flow<'_>) -> Option<&Received> {
    flow.all.iter().find(|r| r.path().contains(ASTRAY))
}

check! {
    /// **Observed:** a client that signs in finds the metadata that a challenge names which is one of several, in lower case,
    /// after a quoted comma.
    ///
    /// **Why:** a server behind a gateway offers more than one scheme, and header fields are lists.
    ///
    /// **Fix:** parse `WWW-Authenticate` as RFC 9110 section 11.6.1 has it: several fields, several challenges, quoted strings,
    /// schemes and names without case.
    pub(crate) PARSED = "client.prm.parse-401";
    happening: parsed
}

fn parsed(moment: &Moment<'_>, marks: &mut Marks) {
    let flow = moment.begins(&[Scene::OddChallenge]);
    if let Some(flow) = flow.filter(|flow| flow.whole && moment.signs_in()) {
        found(flow, marks, "the metadata that the challenge names is found");
    }
}

check! {
    /// **Observed:** a client does not sign in by metadata that is about another resource, of another host or of the same.
    ///
    /// **Why:** whoever can plant such metadata gets tokens that are good for somebody else.
    ///
    /// **Fix:** compare `resource` with the URL of the server, and stop where they differ (RFC 9728 section 3.3).
    pub(crate) RESOURCE = "client.prm.resource-check";
    happening: resource
}

fn resource(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::ResourceForeign, Scene::ResourceSibling];
    let Some(flow) = moment.at_first(&scenes, Step::ResourceMetadata) else { return };
    let went_on = flow.of(Step::Authorization).chain(flow.of(Step::Token)).next();
    let expected = format!("no use of metadata about {}", flow.facts.resource);
    refuses(marks, flow, moment.signs_in(), &expected, went_on);
}
