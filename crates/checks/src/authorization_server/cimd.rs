//! Client ID Metadata Documents (draft-ietf-oauth-client-id-metadata-document-00).

mod draft;

use plumb_runner::authorization_server::{CALLBACK, Client, Document, Landing, Visit};
use plumb_runner::{Finding, Judgement, Trouble, check};
use serde_json::{Value, json};

pub(super) use draft::DRAFT;

/// How a user can let us describe clients by documents.
const SERVE: &str = "give --client-documents URL: an address that the server trusts and fetches from, and that leads to \
                     --client-documents-port on this machine; a set-up for tests may allow http://127.0.0.1:{port}";

check! {
    /// **Observed:** the metadata says `client_id_metadata_document_supported: true`; where the run serves documents
    /// (`--client-documents`), a client described by one is accepted.
    ///
    /// **Why:** it is the way by which clients and servers without any relation come together.
    ///
    /// **Fix:** support Client ID Metadata Documents and say so in the metadata.
    pub(crate) SUPPORT = "auth.as.cimd-support";
    visit: support;
}

check! {
    /// **Observed:** an authorization request whose `client_id` is the URL of a document that we serve. The document is
    /// fetched.
    ///
    /// **Why:** the document is all that the server knows of the client.
    ///
    /// **Fix:** fetch the document when a client identifier is an HTTPS URL.
    pub(crate) FETCH = "auth.as.cimd-fetch";
    visit: fetch;
}

check! {
    /// **Observed:** documents whose `client_id` is another URL, differs by a slash or a case, or is missing, beside one
    /// that is right and accepted. All are refused.
    ///
    /// **Why:** else anybody who may upload a file somewhere speaks for that place.
    ///
    /// **Fix:** compare `client_id` in the document with its URL, as strings.
    pub(crate) ID_MATCH = "auth.as.cimd-id-match";
    visit: id_match;
}

check! {
    /// **Observed:** two authorization requests of one client, whose document has `Cache-Control: max-age=3600`. It is fetched
    /// for the first of them alone. Documents that may not be kept are not judged: a server may keep each for some time at
    /// least (draft section 4.4).
    ///
    /// **Why:** without a cache every visitor costs the client's host a request.
    ///
    /// **Fix:** keep the document as long as its HTTP cache headers allow.
    pub(crate) CACHE = "auth.as.cimd-cache";
    visit: cache;
}

check! {
    /// **Observed:** a request of a client with a document, but with a redirect URI that the document does not hold. It is
    /// not redirected there.
    ///
    /// **Why:** the document replaces registration: what it does not list was never registered.
    ///
    /// **Fix:** compare the request's redirect URI with `redirect_uris` of the document, as strings.
    pub(crate) REDIRECT = "auth.as.cimd-redirect";
    visit: redirect;
}

check! {
    /// **Observed:** documents that are no JSON, no object, or lack `client_name` or `redirect_uris`, beside one that is
    /// right and accepted. All are refused.
    ///
    /// **Why:** a half-read document means guessed clients.
    ///
    /// **Fix:** demand a JSON object with `client_id`, `client_name` and `redirect_uris`.
    pub(crate) STRUCTURE = "auth.as.cimd-structure";
    visit: structure;
}

check! {
    /// **Observed:** if a client described by a document is accepted, the metadata says
    /// `client_id_metadata_document_supported: true`.
    ///
    /// **Why:** clients look at that member before they try.
    ///
    /// **Fix:** add the member to the metadata.
    pub(crate) ADVERTISE = "auth.as.cimd-advertise";
    visit: advertise;
}

/// A client that is described by a document at a path of its own.
struct Described {
    path: String,
    client: Client,
}

impl Described {
    fn new(at: &Visit) -> Result<Self, Trouble> {
        let documents = at.server().documents();
        let base = documents.base().ok_or_else(|| unserved(at))?;
        let path = format!("/{}/client.json", at.server().draw("document"));
        Ok(Self { client: Client::described(format!("{base}{path}"), CALLBACK), path })
    }

    /// What its document says.
    fn document(&self) -> Value {
        json!({
            "client_id": self.client.id, "client_name": "Plumb", "redirect_uris": [self.client.redirect_uri],
            "grant_types": ["authorization_code"], "response_types": ["code"], "token_endpoint_auth_method": "none",
        })
    }

    /// Serves a document and sends a correct request.
    async fn ask(&self, at: &Visit, document: Document) -> Result<Landing, Trouble> {
        at.server().documents().put(&self.path, document);
        Ok(at.ask(&self.client, &[]).await?.0)
    }
}

/// Why no document is served: to a server that takes none by its metadata, nothing is missing.
fn unserved(at: &Visit) -> Trouble {
    if at.server().claims("client_id_metadata_document_supported") {
        Trouble::unseen("the run serves no client documents that the server can fetch", SERVE)
    } else {
        Trouble::unseen(
            "the server takes no client documents, by its metadata",
            "nothing, if none are meant to be taken; else say so in the metadata",
        )
    }
}

/// A client with a correct document that the server accepts.
pub(super) async fn accepted(at: &Visit, redirect_uri: &str) -> Result<(Client, Landing), Trouble> {
    let mut described = Described::new(at)?;
    described.client.redirect_uri = redirect_uri.to_owned();
    let landing = described.ask(at, Document::json(&described.document())).await?;
    if landing.is_refused() || at.server().documents().fetches(&described.path) == 0 {
        let what = "a client with a correct document was not taken";
        return Err(Trouble::unseen(format!("{what}: {}", landing.describe()), SERVE));
    }
    Ok((described.client, landing))
}

/// Held if the request was turned down; beside a control that was redirected, a page without consent is that too.
fn turned_down(control: &Landing, landing: &Landing, sent: &str) -> Finding {
    if landing.is_granted() {
        return Finding::violated(format!("{sent}: refused"), landing.describe());
    }
    if landing.is_turned_down(control) {
        return Finding::Held;
    }
    Finding::unseen(
        format!(
            "the server waits for a person before it looks at the document: {}",
            landing.describe()
        ),
        plumb_runner::authorization_server::CONSENT,
    )
}

/// A slug, what is wrong, and how a correct document becomes so.
type Fault = (&'static str, &'static str, fn(&mut Value) -> Option<Document>);

/// Documents with one fault each, beside one without.
async fn refusals(at: &Visit, faults: &[Fault]) -> Judgement {
    let (_, control) = accepted(at, CALLBACK).await?;
    for (slug, title, fault) in faults {
        let described = Described::new(at)?;
        let mut value = described.document();
        let document = fault(&mut value).unwrap_or_else(|| Document::json(&value));
        let landing = described.ask(at, document).await;
        at.case(
            slug,
            format!("{title} is refused"),
            landing.map(|landing| turned_down(&control, &landing, title)),
        );
    }
    at.conclude()
}

async fn support(at: &Visit) -> Judgement {
    at.note_metadata();
    if !at.server().claims("client_id_metadata_document_supported") {
        return Ok(Finding::violated(
            "the metadata says `client_id_metadata_document_supported: true`",
            at.server()
                .told("client_id_metadata_document_supported")
                .map_or_else(|| "no such member".into(), ToString::to_string),
        ));
    }
    if at.server().documents().base().is_none() {
        return Ok(Finding::Held);
    }
    let described = Described::new(at)?;
    let landing = described.ask(at, Document::json(&described.document())).await?;
    Ok(Finding::expect(
        !landing.is_refused(),
        "a client with a correct document is accepted",
        || landing.describe(),
    ))
}

async fn fetch(at: &Visit) -> Judgement {
    let described = Described::new(at)?;
    if !at.server().claims("client_id_metadata_document_supported") {
        return Ok(Finding::unseen(
            "the metadata does not announce Client ID Metadata Documents",
            "announce them",
        ));
    }
    let landing = described.ask(at, Document::json(&described.document())).await?;
    let fetches = at.server().documents().fetches(&described.path);
    Ok(Finding::expect(
        fetches > 0,
        format!("a request with `client_id={}`: the document is fetched", described.client.id),
        || format!("nobody came; the request led to {}", landing.describe()),
    ))
}

async fn id_match(at: &Visit) -> Judgement {
    refusals(
        at,
        &[
            ("other", "a document that names another client", |d| {
                d["client_id"] = json!("https://client.plumb.example/client.json");
                None
            }),
            ("slash", "a document whose `client_id` has one slash more", |d| {
                d["client_id"] = json!(format!("{}/", d["client_id"].as_str().unwrap_or_default()));
                None
            }),
            ("case", "a document whose `client_id` has another case", |d| {
                d["client_id"] = json!(
                    d["client_id"]
                        .as_str()
                        .unwrap_or_default()
                        .replace("client.json", "CLIENT.json")
                );
                None
            }),
            ("missing", "a document without `client_id`", |d| {
                d.as_object_mut().and_then(|d| d.remove("client_id"));
                None
            }),
        ],
    )
    .await
}

async fn structure(at: &Visit) -> Judgement {
    refusals(
        at,
        &[
            ("no-json", "a document that is no JSON", |d| {
                Some(Document::text(d.to_string().replacen('{', "", 1)))
            }),
            ("no-object", "a document that is an array", |d| Some(Document::json(&json!([d])))),
            ("no-redirect-uris", "a document without `redirect_uris`", |d| {
                d.as_object_mut().and_then(|d| d.remove("redirect_uris"));
                None
            }),
            ("no-name", "a document without `client_name`", |d| {
                d.as_object_mut().and_then(|d| d.remove("client_name"));
                None
            }),
        ],
    )
    .await
}

async fn cache(at: &Visit) -> Judgement {
    accepted(at, CALLBACK).await?;
    let described = Described::new(at)?;
    let fetches = || at.server().documents().fetches(&described.path);
    let document = Document::json(&described.document()).cached("max-age=3600");
    let landing = described.ask(at, document).await?;
    let first = fetches();
    if landing.is_refused() || first == 0 {
        return Err(Trouble::Control(landing.describe()));
    }
    at.ask(&described.client, &[]).await?;
    let second = fetches();
    Ok(Finding::expect(
        second == first,
        "a document with `Cache-Control: max-age=3600`: not fetched again for the second request",
        || format!("{first} fetches after the first request, {second} after the second"),
    ))
}

async fn redirect(at: &Visit) -> Judgement {
    let (client, control) = accepted(at, CALLBACK).await?;
    for (slug, title, uri) in [
        (
            "stranger",
            "the URI of a stranger is not redirected to",
            "https://attacker.plumb.example/callback".to_owned(),
        ),
        ("below", "a path below a listed one is not redirected to", format!("{CALLBACK}/plumb")),
    ] {
        let asked = at.ask(&client, &[("redirect_uri", Some(&uri))]).await;
        let judged = asked.map(|(landing, _, _)| match landing.back() {
            Some(_) => Finding::violated(
                format!("`redirect_uri={uri}` is not in the document: no redirect to it"),
                landing.describe(),
            ),
            None => turned_down(&control, &landing, "a redirect URI that is not in the document"),
        });
        at.case(slug, title, judged);
    }
    at.conclude()
}

async fn advertise(at: &Visit) -> Judgement {
    accepted(at, CALLBACK).await?;
    at.note_metadata();
    let silent = at
        .server()
        .metadata()
        .find(|(_, d)| d.get("client_id_metadata_document_supported") != Some(&true.into()));
    Ok(match silent {
        None => Finding::Held,
        Some((place, _)) => Finding::violated(
            format!(
                "a client with a document is accepted, so {} has `client_id_metadata_document_supported: true`",
                place.url
            ),
            "no such member, or another value",
        ),
    })
}
