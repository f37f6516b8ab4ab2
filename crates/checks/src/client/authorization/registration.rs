//! basic/authorization/client-registration: how a client gets its identifier.

use plumb_runner::client::protected::{
    CLIENT_ID, Flow, ODD_CLIENT, REASON, SIGNED_CLIENT, Scene, Step,
};
use plumb_runner::client::{Moment, Received};
use plumb_runner::{Check, Marks, check, clip};
use serde_json::Value;
use url::Url;

use super::redirect::is_local;
use super::{ANY, FEW, SHOWN, is_document, uses_documents};

pub(crate) const CHECKS: &[&Check] = &[
    &OBTAIN,
    &KNOWN,
    &DOCUMENTS,
    &BEFORE_REGISTERING,
    &ANNOUNCED,
    &FORM,
    &REGISTERS,
    &TYPE,
    &NATIVE,
    &FAILURE,
    &SURFACED,
];

check! {
    /// **Observed:** the client identifier of an authorization request is one that the authorization server issued, one that
    /// was given to the client, or the address of a document.
    ///
    /// **Why:** no other is known there.
    ///
    /// **Fix:** register before the user is asked, by one of the three ways.
    pub(crate) OBTAIN = "auth.client.obtain-client-id";
    happening: obtain
}

fn obtain(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at(ANY, Step::Authorization) else { return };
    let id = moment.now().query("client_id").unwrap_or_default();
    let given = [CLIENT_ID, ODD_CLIENT, SIGNED_CLIENT].contains(&id.as_str());
    let known = is_document(&id) || given || issuer(flow, &id).is_some();
    marks.expect(known, "a `client_id` that the authorization server knows", || clip(&id, SHOWN));
}

/// The issuer that gave a client its identifier.
pub(super) fn issuer<'a>(flow: Flow<'a>, id: &str) -> Option<&'a str> {
    let gave = |r: &&Received| r.response().is_some_and(|answer| answer["client_id"] == id);
    flow.issuer(flow.of(Step::Registration).find(gave)?)
}

check! {
    /// **Observed:** a client that was given an identifier uses it, though documents and registration are offered.
    ///
    /// **Why:** somebody registered it for a reason: other rights, or another consent page.
    ///
    /// **Fix:** let `client_id` and `client_secret` be configured, and look there first.
    pub(crate) KNOWN = "client.reg.priority-preregistered";
    judges: ["client.prereg.support"];
    happening: known
}

fn known(moment: &Moment<'_>, marks: &mut Marks) {
    let scenes = [Scene::PreRegistered];
    let id = if moment.at_first(&scenes, Step::Authorization).is_some() {
        moment.now().query("client_id")
    } else if moment.at_first(&scenes, Step::Token).is_some() {
        moment.now().client_id()
    } else {
        return;
    };
    marks.expect(id.as_deref() == Some(CLIENT_ID), format!("`client_id` is {CLIENT_ID}"), || {
        clip(&id.clone().unwrap_or_default(), SHOWN)
    });
}

check! {
    /// **Observed:** where client metadata documents are announced, the identifier is the address of one.
    ///
    /// **Why:** it needs no registration, and users see whose it is.
    ///
    /// **Fix:** publish a document, and send its address as `client_id`.
    pub(crate) DOCUMENTS = "client.cimd.support";
    happening: documents
}

fn documents(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at_first(&[Scene::Document], Step::Authorization).is_some() {
        let id = moment.now().query("client_id").unwrap_or_default();
        marks.expect(is_document(&id), "the address of a document as `client_id`", || {
            clip(&id, SHOWN)
        });
    }
}

check! {
    /// **Observed:** a client that has a document does not register where documents are announced.
    ///
    /// **Why:** each registration is kept for ever by somebody who needs none.
    ///
    /// **Fix:** look at `client_id_metadata_document_supported` before `registration_endpoint`.
    pub(crate) BEFORE_REGISTERING = "client.reg.priority-cimd";
    happening: before_registering
}

fn before_registering(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.begins(&[Scene::Document]) else { return };
    if moment.flows().any(|flow| uses_documents(Some(flow))) {
        let registers = flow.of(Step::Registration).next().is_some();
        marks.expect(!registers, "no registration where documents are announced", || {
            "there is one".into()
        });
    }
}

check! {
    /// **Observed:** a client that has a document does not name it where documents are not announced.
    ///
    /// **Why:** the authorization server knows no such client, and the user sees an error page.
    ///
    /// **Fix:** look at `client_id_metadata_document_supported` first.
    pub(crate) ANNOUNCED = "client.cimd.check-support";
    happening: announced
}

fn announced(moment: &Moment<'_>, marks: &mut Marks) {
    let here = moment.at_first(&[Scene::Default], Step::Authorization);
    if here.is_some() && uses_documents(moment.flow_in(Scene::Document)) {
        let id = moment.now().query("client_id").unwrap_or_default();
        marks.expect(!is_document(&id), "another `client_id` than a document's", || {
            clip(&id, SHOWN)
        });
    }
}

check! {
    /// **Observed:** the address of a document has the scheme `https` and a path.
    ///
    /// **Why:** anybody can answer in the place of a host over plain HTTP, and an origin is no client.
    ///
    /// **Fix:** publish it at an address such as `https://app.example/client.json`.
    pub(crate) FORM = "client.cimd.url-form";
    happening: form
}

fn form(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Authorization).is_none() {
        return;
    }
    let id = moment.now().query("client_id").unwrap_or_default();
    if is_document(&id) {
        let url = Url::parse(&id);
        let fits = url.is_ok_and(|url| url.scheme() == "https" && url.path().len() > 1);
        marks.expect(fits, "an https URL with a path", || clip(&id, SHOWN));
    }
}

check! {
    /// **Observed:** where nothing but registration is offered, the client has registered.
    ///
    /// **Why:** it is the one way left, short of asking the user.
    ///
    /// **Fix:** post the client's metadata to `registration_endpoint`.
    pub(crate) REGISTERS = "client.reg.priority-dcr";
    happening: registers
}

fn registers(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::Default], Step::Authorization) else { return };
    let id = moment.now().query("client_id").unwrap_or_default();
    let registered = issuer(flow, &id).is_some();
    marks.expect(registered, "a `client_id` that registration gave", || clip(&id, SHOWN));
}

check! {
    /// **Observed:** a registration says its `application_type`, `native` or `web`.
    ///
    /// **Why:** without it `web` is meant, whose redirect URIs may not lead to a user's machine.
    ///
    /// **Fix:** send the member.
    pub(crate) TYPE = "client.dcr.application-type";
    happening: application_type
}

fn application_type(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Registration).is_some() {
        let body = moment.now().json();
        let fits = matches!(body["application_type"].as_str(), Some("native" | "web"));
        marks.expect(fits, "`application_type` in the registration", || {
            body.get("application_type")
                .map_or("there is none".into(), |of| clip(&of.to_string(), SHOWN))
        });
    }
}

check! {
    /// **Observed:** a client whose redirect URIs all lead to this machine registers as `native`, one whose all lead elsewhere
    /// as `web`.
    ///
    /// **Why:** an authorization server with OpenID Connect refuses the other.
    ///
    /// **Fix:** say which of the two the client is.
    pub(crate) NATIVE = "client.dcr.native";
    judges: ["client.dcr.web"];
    happening: native
}

fn native(moment: &Moment<'_>, marks: &mut Marks) {
    if moment.at(ANY, Step::Registration).is_none() {
        return;
    }
    let body = moment.now().json();
    let uris: Vec<&str> =
        body["redirect_uris"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let local = |uri: &&&str| is_local(uri) || !uri.starts_with("http");
    let expected = match uris.iter().filter(local).count() {
        _ if uris.is_empty() => return,
        0 => "web",
        n if n == uris.len() => "native",
        _ => return,
    };
    if let Some(of) = body["application_type"].as_str() {
        let told = format!("`application_type` is `{expected}` with {uris:?}");
        marks.expect(of == expected, told, || format!("`{}`", clip(of, SHOWN)));
    }
}

check! {
    /// **Observed:** a client whose registration is refused for its redirect URIs ends after a few attempts.
    ///
    /// **Why:** the same request is refused again.
    ///
    /// **Fix:** try another type or another URI if there is one, and give up then.
    pub(crate) FAILURE = "client.dcr.handle-failure";
    happening: failure
}

fn failure(moment: &Moment<'_>, marks: &mut Marks) {
    let Some(flow) = moment.at_first(&[Scene::RegistrationRefused], Step::Registration) else {
        return;
    };
    let attempts = flow.of(Step::Registration).count();
    if attempts > FEW {
        marks.breaks(format!("at most {FEW} registrations"), format!("{attempts}"));
    } else if flow.whole {
        marks.fits();
    }
}

check! {
    /// **Observed:** what the authorization server said of its refusal stands in what the client writes.
    ///
    /// **Why:** nobody else knows what has to be changed.
    ///
    /// **Fix:** hand `error` and `error_description` to the caller.
    pub(crate) SURFACED = "client.dcr.surface-failure";
    happening: surfaced
}

fn surfaced(moment: &Moment<'_>, marks: &mut Marks) {
    let flow = moment.at_first(&[Scene::RegistrationRefused], Step::Registration);
    if let Some(said) = flow.filter(|flow| flow.whole).and_then(|flow| flow.said) {
        let told = [REASON, "invalid_redirect_uri"].iter().any(|word| said.contains(word));
        marks.expect(told, "the reason of the refusal in what the client writes", || {
            "it is not there".into()
        });
    }
}
