//! basic/authorization/authorization-server-discovery#authorization-server-metadata-discovery.

use plumb_runner::client::protected::{OWN_PLACE, Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::discovery::astray;
use super::refuses;

pub(crate) const CHECKS: &[&Check] =
    &[&BOTH, &MULTIPLE, &PATH_ORDER, &ROOT_ORDER, &ISSUER, &ENDPOINTS];

check! {
    /// **Observed:** a client uses an authorization server that has metadata by RFC 8414 alone, and one that has it by OpenID
    /// Connect alone.
    ///
    /// **Why:** an authorization server need have only one of them.
    ///
    /// **Fix:** ask for the other where one is not found.
    pub(crate) BOTH = "auth.client.both-metadata";
    happening: both
}

fn both(moment: &Moment<'_>, marks: &mut Marks) {
    comes_through(moment, marks, &[Scene::WellKnown, Scene::RootWellKnown]);
}

check! {
    /// **Observed:** a client finds the metadata of an issuer with a path wherever the text has it, appended or inserted.
    ///
    /// **Why:** products differ in where they put it.
    ///
    /// **Fix:** try all places, and stop at the first that answers.
    pub(crate) MULTIPLE = "client.asmeta.multiple";
    happening: multiple
}

fn multiple(moment: &Moment<'_>, marks: &mut Marks) {
    comes_through(moment, marks, &[Scene::Appended, Scene::Inserted]);
}

/// Marks that a client which looks for metadata finds it.
fn comes_through(moment: &Moment<'_>, marks: &mut Marks, scenes: &[Scene]) {
    let Some(flow) = moment.at_first(scenes, Step::ServerMetadata) else { return };
    // Who goes where the root's metadata lead looks for what is not there.
    if !flow.whole || !moment.signs_in() || astray(flow).is_some() {
        return;
    }
    let found = flow.of(Step::ServerMetadata).any(|r| r.answered() == Some(200));
    marks.expect(found, "the metadata of the authorization server is found", || {
        let asked: Vec<_> = flow.of(Step::ServerMetadata).map(|r| r.path().to_owned()).collect();
        format!("it was looked for at {asked:?} only")
    });
}

check! {
    /// **Observed:** the places of the metadata of an issuer with a path are tried in the order of the text: RFC 8414 with the
    /// path inserted, OpenID Connect with it inserted, OpenID Connect appended.
    ///
    /// **Why:** a place of less weight may hold something else.
    ///
    /// **Fix:** try them in order, and leave none out.
    pub(crate) PATH_ORDER = "client.asmeta.path-order";
    happening: path_order
}

fn path_order(moment: &Moment<'_>, marks: &mut Marks) {
    in_order(moment, marks, &[Scene::RootWellKnown, Scene::Appended, Scene::Inserted]);
}

check! {
    /// **Observed:** for an issuer without a path, RFC 8414 is tried before OpenID Connect.
    ///
    /// **Why:** an issuer that has both may say different things, and the first is meant.
    ///
    /// **Fix:** ask for `/.well-known/oauth-authorization-server` first.
    pub(crate) ROOT_ORDER = "client.asmeta.root-order";
    happening: root_order
}

fn root_order(moment: &Moment<'_>, marks: &mut Marks) {
    in_order(moment, marks, &[Scene::WellKnown]);
}

/// Marks that what comes before a place was asked before it.
fn in_order(moment: &Moment<'_>, marks: &mut Marks, scenes: &[Scene]) {
    let Some(flow) = moment.at(scenes, Step::ServerMetadata) else { return };
    let issuer = &flow.facts.issuers[0];
    let Some(place) = flow.place(moment.now(), issuer) else { return };
    let before: Vec<_> = moment.before().iter().filter_map(|r| flow.place(r, issuer)).collect();
    // Without a path, what is inserted and what is appended are one.
    let has_path = flow.facts.authority != *issuer;
    for earlier in plumb_runner::client::protected::Place::ALL {
        if earlier < place && (has_path || earlier.is_for_roots()) {
            marks.expect(
                before.contains(&earlier),
                format!("{earlier:?} before {place:?}"),
                || format!("{} came first", moment.now().path()),
            );
        }
    }
    if place == plumb_runner::client::protected::Place::OAuth {
        marks.fits();
    }
}

check! {
    /// **Observed:** a client does not use metadata that names another issuer than the one it was looked for: another host's,
    /// or the same with a slash more.
    ///
    /// **Why:** an attacker's metadata with an honest issuer in it leads codes and tokens to the attacker.
    ///
    /// **Fix:** compare `issuer` with the identifier of which the URL was made, character by character, before anything else is
    /// read.
    pub(crate) ISSUER = "client.asmeta.issuer-validate";
    judges: ["client.asmeta.issuer-not-used"];
    happening: issuer
}

fn issuer(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::IssuerWrong, Scene::IssuerWrongOpenId, Scene::IssuerSlash];
    let Some(flow) = moment.at_first(&scenes, Step::ServerMetadata) else { return };
    let steps = [Step::Registration, Step::Authorization, Step::Token];
    let went_on = steps.into_iter().find_map(|step| flow.of(step).next());
    let expected =
        format!("no use of metadata of {} that names another issuer", flow.facts.issuers[0]);
    refuses(marks, flow, moment.signs_in(), &expected, went_on);
}

check! {
    /// **Observed:** a client registers, asks for authorization and redeems its code at the endpoints that the metadata of the
    /// authorization server names, none of which is at a usual place.
    ///
    /// **Why:** products have them where they like, and what is sent elsewhere tells codes and secrets to somebody else.
    ///
    /// **Fix:** read `registration_endpoint`, `authorization_endpoint` and `token_endpoint` (RFC 8414 section 2), and make up none.
    pub(crate) ENDPOINTS = "client.asmeta.endpoints";
    happening: endpoints
}

fn endpoints(moment: &Moment<'_>, marks: &mut Marks) {
    let steps = [Step::Registration, Step::Authorization, Step::Token];
    let Some(flow) = steps.into_iter().find_map(|step| moment.at(&[Scene::Endpoints], step)) else {
        return;
    };
    // Without metadata, a client of the first revision with authorization makes them up.
    let told = |r: &Received| flow.step(r) == Step::ServerMetadata && r.answered() == Some(200);
    if moment.before().iter().any(told) {
        let path = moment.now().path();
        let expected = format!("an endpoint of the metadata, below {OWN_PLACE}");
        marks.expect(path.starts_with(OWN_PLACE), expected, || path.to_owned());
    }
}
