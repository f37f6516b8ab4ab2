//! basic/authorization#refresh-tokens.

use plumb_runner::client::protected::{Flow, Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::ANY;

pub(crate) const CHECKS: &[&Check] = &[&GRANT_TYPES, &NOT_ASSUMED, &ROTATION];

check! {
    /// **Observed:** a client that refreshes tokens registers the grant type `refresh_token`.
    ///
    /// **Why:** an authorization server gives no refresh token to a client that has not.
    ///
    /// **Fix:** list it in `grant_types`.
    pub(crate) GRANT_TYPES = "client.refresh.grant-types";
    happening: grant_types
}

fn grant_types(moment: &Moment<'_>, marks: &mut Marks) {
    let refreshes =
        moment.flow_in(Scene::Expired).is_some_and(|f| f.of(Step::Token).any(is_refresh));
    if moment.at(&[Scene::Default], Step::Registration).is_none() || !refreshes {
        return;
    }
    let body = moment.now().json();
    let listed = body["grant_types"].as_array().into_iter().flatten().any(|t| t == "refresh_token");
    marks.expect(listed, "`refresh_token` among `grant_types`", || {
        body.get("grant_types").map_or("there are none".into(), ToString::to_string)
    });
}

check! {
    /// **Observed:** a client that gets no refresh token uses its access token all the same, and refreshes nothing later.
    ///
    /// **Why:** whether one is issued is for the authorization server to say.
    ///
    /// **Fix:** read `refresh_token` as optional, and have the user asked again where there is none.
    pub(crate) NOT_ASSUMED = "client.refresh.not-assumed";
    happening: not_assumed
}

fn not_assumed(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::NoRefresh], Step::Token) else { return };
    if moment.now().answered() != Some(200) || !flow.whole {
        return;
    }
    let refreshes = moment.after().iter().any(|r| flow.step(r) == Step::Token && is_refresh(r));
    if refreshes {
        return marks.breaks("no refresh without a refresh token", "there is one");
    }
    // Whoever gets no further with a refresh token either is kept by something else.
    let usual = moment.flow_in(Scene::Expired).is_some_and(|flow| uses(flow, flow.all));
    if !usual {
        return;
    }
    marks.expect(uses(flow, moment.after()), "a message with the access token", || {
        "there is none".into()
    });
}

check! {
    /// **Observed:** a client that was given a new refresh token uses no older one any more.
    ///
    /// **Why:** an authorization server that rotates takes an older one for stolen, and revokes all of them.
    ///
    /// **Fix:** put the new refresh token in the place of the old one (OAuth 2.1 section 4.3.1).
    pub(crate) ROTATION = "client.oauth21.refresh-rotation";
    happening: rotation
}

fn rotation(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Token) else { return };
    let now = moment.now();
    let Some(brought) = now.form("refresh_token").filter(|_| is_refresh(now)) else { return };
    // What came while this was on its way could not be used.
    let before = moment.before().iter().filter(|r| {
        flow.step(r) == Step::Token
            && flow.issuer(r) == flow.issuer(now)
            && r.exchange.answer.ended_at < now.exchange.answer.sent_at
    });
    let issued: Vec<&str> =
        before.filter_map(|r| r.response()?["refresh_token"].as_str()).collect();
    if issued.len() > 1 && issued.contains(&brought.as_str()) {
        marks.expect(issued.last() == Some(&brought.as_str()), "the newest refresh token", || {
            "one that was replaced".into()
        });
    }
}

fn is_refresh(token: &Received) -> bool {
    token.form("grant_type").is_some_and(|grant| grant == "refresh_token")
}

fn uses(flow: Flow<'_>, after: &[Received]) -> bool {
    after.iter().any(|r| flow.step(r) == Step::Message && r.token().is_some())
}
