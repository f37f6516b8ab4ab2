//! ext:auth oauth-client-credentials: what the metadata of a server say that issues tokens to clients of their own.

use plumb_runner::authorization_server::Visit;
use plumb_runner::{Finding, Judgement, Trouble, brief, check};
use serde_json::{Map, Value};

const METHODS: &str = "token_endpoint_auth_methods_supported";
const ALGORITHMS: &str = "token_endpoint_auth_signing_alg_values_supported";

check! {
    /// **Observed:** each document of metadata whose `grant_types_supported` has `client_credentials` has a list
    /// `token_endpoint_auth_methods_supported`.
    ///
    /// **Why:** a client without a user has nothing else to learn how to authenticate from.
    ///
    /// **Fix:** add the member.
    pub(crate) METHODS_FIELD = "cc.as.metadata-methods-field";
    visit: methods_field;
}

check! {
    /// **Observed:** that list has `private_key_jwt` or `client_secret_basic`.
    ///
    /// **Why:** clients of this extension speak these two.
    ///
    /// **Fix:** offer one of them, and list it.
    pub(crate) METHODS_LISTED = "cc.as.metadata-methods";
    visit: methods_listed;
}

check! {
    /// **Observed:** where that list has `private_key_jwt`, `token_endpoint_auth_signing_alg_values_supported` is a list with at least
    /// one algorithm.
    ///
    /// **Why:** a client signs by one of these; guessing costs a refusal each.
    ///
    /// **Fix:** list the algorithms that are verified.
    pub(crate) ALGORITHMS_LISTED = "cc.as.metadata-alg";
    visit: algorithms_listed;
}

async fn methods_field(at: &Visit) -> Judgement {
    each(at, |document| {
        let told = document.get(METHODS);
        Some(Finding::expect(
            told.is_some_and(Value::is_array),
            format!("`{METHODS}` is a list"),
            || told.map_or_else(|| "no such member".into(), brief),
        ))
    })
}

async fn methods_listed(at: &Visit) -> Judgement {
    each(at, |document| {
        let told = document.get(METHODS)?.as_array()?;
        let fits = told.iter().any(|m| m == "private_key_jwt" || m == "client_secret_basic");
        let expected = format!("`{METHODS}` has private_key_jwt or client_secret_basic");
        Some(Finding::expect(fits, expected, || brief(&told.clone().into())))
    })
}

async fn algorithms_listed(at: &Visit) -> Judgement {
    each(at, |document| {
        let methods = document.get(METHODS)?.as_array()?;
        if !methods.iter().any(|method| method == "private_key_jwt") {
            return None;
        }
        let told = document.get(ALGORITHMS);
        let fits = told.and_then(Value::as_array).is_some_and(|all| !all.is_empty());
        Some(Finding::expect(fits, format!("`{ALGORITHMS}` lists an algorithm"), || {
            told.map_or_else(|| "no such member".into(), brief)
        }))
    })
}

/// Judges each document of a server that issues tokens to clients of their own; `None` says nothing about one.
fn each(at: &Visit, judge: impl Fn(&Map<String, Value>) -> Option<Finding>) -> Judgement {
    at.note_metadata();
    let grants = |document: &Map<String, Value>| {
        let grants = document.get("grant_types_supported").and_then(Value::as_array);
        grants.is_some_and(|grants| grants.iter().any(|grant| grant == "client_credentials"))
    };
    let documents = at.server().metadata().filter(|(_, document)| grants(document));
    let mut any = false;
    for (_, document) in documents {
        let Some(finding) = judge(document) else { continue };
        any = true;
        if finding != Finding::Held {
            return Ok(finding);
        }
    }
    if any { Ok(Finding::Held) } else { Err(absent()) }
}

fn absent() -> Trouble {
    Trouble::Absent {
        why: "no metadata offer what this is about: the grant `client_credentials`, and the methods that it is used with".into(),
        how_to_enable: "nothing, if none is meant to be offered".into(),
    }
}
