//! basic/authorization#access-token-usage: tokens at the server.

use plumb_runner::client::protected::{Flow, Scene, Step};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check};

use super::{ANY, refuses};

pub(crate) const CHECKS: &[&Check] = &[&HEADER, &EVERY, &QUERY, &OWN, &TYPE];

check! {
    /// **Observed:** a message that brings an access token brings it as `Authorization: Bearer`.
    ///
    /// **Why:** servers read it nowhere else, and nothing else is kept out of logs.
    ///
    /// **Fix:** set the header field.
    pub(crate) HEADER = "client.token.header";
    judges: ["client.token.conform"];
    happening: header
}

fn header(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Message) else { return };
    let now = moment.now();
    for token in flow.access_tokens() {
        // How a token that is bound to a key is presented, its own rows say.
        if now.bearer() == Some(&token)
            || now.token() == Some(&token) && flow.bound(&token).is_some()
        {
            marks.fits();
        } else if brings(now, &token) {
            marks.breaks("`Authorization: Bearer` with the token", "it stands elsewhere");
        }
    }
}

/// Whether a token stands anywhere in a request.
fn brings(received: &Received, token: &str) -> bool {
    let plumb_model::Sent::Http { headers, .. } = &received.exchange.sent else { return false };
    let body = String::from_utf8_lossy(received.raw());
    let fields = headers.iter().any(|header| header.value.contains(token));
    fields || received.url().contains(token) || body.contains(token)
}

check! {
    /// **Observed:** once a token was accepted, every message brings one; and who was given a token, and is refused for having
    /// brought none, brings it.
    ///
    /// **Why:** there is no session that would remember it.
    ///
    /// **Fix:** set the header field where all requests are made.
    pub(crate) EVERY = "client.token.every-request";
    happening: every
}

fn every(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Message) else { return };
    if keeps_back(moment, flow) {
        let actual = "the client was given one, and asked again and again without";
        return marks.breaks("`Authorization: Bearer` with every message", actual);
    }
    let mut messages = moment.before().iter().filter(|r| flow.step(r) == Step::Message);
    // What comes after a refusal may be the beginning of another way to a token.
    let last = messages.rfind(|r| r.token().is_some());
    if last.is_none_or(|r| r.answered() == Some(401)) {
        return;
    }
    let brought = moment.now().token().is_some();
    marks.expect(brought, "`Authorization: Bearer` with every message", || "there is none".into());
}

/// Whether this is the last message of a client that has a token, was refused without, and never brings it.
fn keeps_back(moment: &Moment<'_>, flow: Flow<'_>) -> bool {
    let last = !moment.after().iter().any(|r| flow.step(r) == Step::Message);
    let mut tokens = flow.of(Step::Token).filter(|t| t.answered() == Some(200));
    let given = tokens.next().map(|token| token.exchange.answer.ended_at);
    let Some(given) = given.filter(|_| last && flow.whole) else { return false };
    let brings = flow.all.iter().any(|r| {
        r.token().is_some() || r.header("Authorization").is_some() && flow.step(r) == Step::Message
    });
    let refused = |r: &&Received| {
        let answer = &r.exchange.answer;
        answer.sent_at > given
            && r.answered() == Some(401)
            && answer.ended_at < moment.now().exchange.answer.sent_at
    };
    !brings && flow.of(Step::Message).filter(refused).count() > 0
}

check! {
    /// **Observed:** no URL has an access token in its query.
    ///
    /// **Why:** URLs are logged.
    ///
    /// **Fix:** send tokens in the header field alone.
    pub(crate) QUERY = "client.token.not-in-query";
    happening: query
}

fn query(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.flow() else { return };
    let now = moment.now();
    let shown = |token: &String| now.url().contains(token.as_str());
    let stands = now.query("access_token").is_some() || flow.access_tokens().iter().any(shown);
    if stands {
        marks.breaks("no access token in a URL", format!("one in the query of {}", now.path()));
    } else if now.token().is_some() {
        marks.fits();
    }
}

check! {
    /// **Observed:** every token that comes is one of the authorization server of the server; once the server trusts another
    /// one and that has issued a token, those of the former do not come any more. Refresh tokens never come.
    ///
    /// **Why:** a token of somebody else is a secret told to a stranger.
    ///
    /// **Fix:** keep tokens by server and issuer.
    pub(crate) OWN = "client.token.only-own-as";
    happening: own
}

fn own(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Message) else { return };
    let now = moment.now();
    if flow.refresh_tokens().iter().any(|token| brings(now, token)) {
        return marks.breaks("no refresh token at the server", "one came with a message");
    }
    let Some(token) = now.token() else { return };
    let Some(of) = flow.issuer_of(token) else {
        return marks.breaks("a token that the authorization server issued", "another one");
    };
    let trusted = trusted(moment, flow);
    marks.expect(of == trusted, format!("a token of {trusted}"), || format!("one of {of}"));
}

check! {
    /// **Observed:** a client does not use an access token of a type that nobody has defined.
    ///
    /// **Why:** how such a token is to be presented is not known; sent as a bearer token it may be given away.
    ///
    /// **Fix:** compare `token_type` with `Bearer`, whatever its case, and stop where it is another (RFC 6749 section 7.1).
    pub(crate) TYPE = "client.oauth21.token-type";
    happening: token_type
}

fn token_type(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::TokenType], Step::Token) else { return };
    if moment.now().answered() == Some(200) {
        let used = moment.after().iter().find(|r| {
            flow.step(r) == Step::Message
                && flow.access_tokens().iter().any(|token| brings(r, token))
        });
        refuses(marks, flow, moment.signs_in(), "a token of unknown type is not used", used);
    }
}

/// The issuer that the client has its newest token of.
fn trusted<'a>(moment: &Moment<'a>, flow: Flow<'a>) -> &'a str {
    let [first, second] = &flow.facts.issuers;
    let moved = flow.facts.scene.migrates()
        && moment.before().iter().any(|r| {
            let token = flow.step(r) == Step::Token && r.answered() == Some(200);
            token && flow.issuer(r) == Some(second)
        });
    if moved { second } else { first }
}
