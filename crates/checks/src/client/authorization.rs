//! `basic/authorization` and its pages: what a client does on its way to an access token, and with it.

mod binding;
mod discovery;
mod dpop;
mod enterprise;
mod grants;
mod iss;
mod metadata;
mod pkce;
mod redirect;
mod refresh;
mod registration;
mod resource;
mod scope;
mod secret;
mod step_up;
mod token;

use plumb_runner::client::Received;
use plumb_runner::client::protected::{Flow, Scene, Step};
use plumb_runner::{Check, Marks};

/// So many attempts are still a few.
const FEW: usize = 8;

/// So many characters of a value are shown.
const SHOWN: usize = 120;

/// All scenes.
const ANY: &[Scene] = Scene::ALL;

pub(crate) fn checks() -> Vec<&'static Check> {
    [
        discovery::CHECKS,
        metadata::CHECKS,
        pkce::CHECKS,
        iss::CHECKS,
        redirect::CHECKS,
        resource::CHECKS,
        token::CHECKS,
        scope::CHECKS,
        step_up::CHECKS,
        registration::CHECKS,
        binding::CHECKS,
        refresh::CHECKS,
        secret::CHECKS,
        grants::CHECKS,
        enterprise::CHECKS,
        dpop::CHECKS,
    ]
    .concat()
}

/// Marks that something was refused: what shows the contrary breaks; nothing does only where the client came to its own
/// end, and where it signs in if all is right.
fn refuses(
    marks: &mut Marks,
    flow: Flow<'_>,
    signs_in: bool,
    expected: &str,
    went_on: Option<&Received>,
) {
    if let Some(went_on) = went_on {
        let what = format!("{} {}", went_on.http_method(), went_on.path());
        marks.breaks(expected, format!("the client went on: {what}"));
    } else if flow.whole && signs_in {
        marks.fits();
    }
}

/// The scopes of an authorization request; `None` if it names none.
fn scopes(authorization: &Received) -> Option<Vec<String>> {
    let scope = authorization.query("scope")?;
    let scopes: Vec<String> = scope.split_whitespace().map(str::to_owned).collect();
    (!scopes.is_empty()).then_some(scopes)
}

/// Whether a client identifier is the address of a metadata document.
fn is_document(id: &str) -> bool {
    id.starts_with("https://") || id.starts_with("http://")
}

/// Whether a client names the address of a metadata document anywhere in these requests.
fn uses_documents(flow: Option<Flow<'_>>) -> bool {
    let mut all = flow.into_iter().flat_map(|flow| flow.of(Step::Authorization));
    all.any(|request| request.query("client_id").is_some_and(|id| is_document(&id)))
}
