//! The laws of the checks of authorization servers: ours holds all of them, and each notices a departure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use plumb_model::ledger::{Observe, Party};
use plumb_model::{Edition, Event, Report, Role, Verdict};
use plumb_oauth::server::Decision;
use plumb_oauth::{AuthorizationServer, Bind, Profile};
use plumb_runner::authorization_server::Issuer;
use plumb_runner::{Options, Reach, Target};

use crate::judging;

/// How the server is set up for a run: no one set-up shows everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SetUp {
    /// A user who approves, over plain HTTP.
    Plain,
    /// The same over TLS.
    Tls,
    /// With documents on loopback, which is what it takes to serve them in a test.
    Documents,
    /// With such documents and a page that asks.
    Asking,
    /// For clients that authenticate by a key.
    Keys,
}

/// What each check notices, at least.
const NOTICED: &[(&str, &str, SetUp)] = &[
    ("auth.as.metadata", "metadata_issuer:stranger", SetUp::Plain),
    ("auth.as.metadata", "metadata_issuer:nobody", SetUp::Plain),
    ("auth.as.oidc-pkce-field", "oidc_pkce:absent", SetUp::Plain),
    ("auth.as.oidc-pkce-field", "oidc_pkce:plain-only", SetUp::Plain),
    ("auth.as.https", "schemes_told", SetUp::Tls),
    ("auth.as.oauth21", "code_once", SetUp::Plain),
    ("auth.as.oauth21", "verifier_required", SetUp::Plain),
    ("auth.as.oauth21", "verifier_checked", SetUp::Plain),
    ("auth.as.oauth21", "code_bound_to_client", SetUp::Plain),
    ("auth.as.oauth21", "pkce_required", SetUp::Plain),
    ("auth.as.oauth21", "basic_alone_suffices", SetUp::Plain),
    ("auth.as.oauth21", "client_secret_checked", SetUp::Plain),
    ("auth.as.oauth21", "refresh_bound_to_client", SetUp::Plain),
    ("auth.as.oauth21", "implicit_refused", SetUp::Plain),
    ("auth.as.oauth21", "password_grant_refused", SetUp::Plain),
    ("auth.as.oauth21", "state:dropped", SetUp::Plain),
    ("auth.as.oauth21", "state:altered", SetUp::Plain),
    ("auth.as.oauth21", "no_store", SetUp::Plain),
    ("auth.as.iss-included", "iss_in_success:nobody", SetUp::Plain),
    ("auth.as.iss-included", "iss_in_success:own-with-slash", SetUp::Plain),
    ("auth.as.iss-in-errors", "iss_in_error:nobody", SetUp::Plain),
    ("auth.as.iss-in-errors", "iss_in_error:stranger", SetUp::Plain),
    ("auth.as.iss-advertised", "iss_listed", SetUp::Plain),
    ("auth.as.short-lived", "access_token_lifetime:week", SetUp::Plain),
    ("auth.as.rotate-refresh", "refresh_rotation", SetUp::Plain),
    ("auth.as.redirect-exact", "redirect_match:prefix", SetUp::Plain),
    ("auth.as.redirect-exact", "redirect_match:any-query", SetUp::Plain),
    ("auth.as.redirect-exact", "redirect_match:any-case", SetUp::Plain),
    ("auth.as.redirect-exact", "redirect_match:any-port", SetUp::Plain),
    ("auth.as.redirect-exact", "redirect_match:anything", SetUp::Plain),
    ("auth.as.untrusted-redirect", "untrusted_redirects_refused", SetUp::Plain),
    ("authsec.redirect-https", "redirect_uris_secure", SetUp::Plain),
    ("auth.as.ssrf", "cimd_private_refused", SetUp::Plain),
    ("auth.as.cimd-support", "cimd_listed", SetUp::Plain),
    ("auth.as.cimd-support", "cimd", SetUp::Documents),
    ("auth.as.cimd-fetch", "cimd", SetUp::Documents),
    ("auth.as.cimd-id-match", "cimd_id_checked", SetUp::Documents),
    ("auth.as.cimd-cache", "cimd_cached", SetUp::Documents),
    ("auth.as.cimd-redirect", "cimd_redirect_checked", SetUp::Documents),
    ("auth.as.cimd-structure", "cimd_structure_checked", SetUp::Documents),
    ("auth.as.cimd-advertise", "cimd_listed", SetUp::Documents),
    ("cimd.follow-draft", "cimd_secrets:taken", SetUp::Documents),
    ("cimd.follow-draft", "cimd_methods_checked", SetUp::Documents),
    ("auth.as.display-host", "consent_names_host", SetUp::Asking),
    ("auth.as.localhost-warning", "consent_warns_of_loopback", SetUp::Asking),
    ("cc.as.metadata-methods-field", "methods_listed:absent", SetUp::Plain),
    ("cc.as.metadata-methods", "methods_listed:form-only", SetUp::Plain),
    ("cc.as.metadata-alg", "algorithms_listed", SetUp::Keys),
];

fn options(issuer: Issuer, only: &[&str]) -> Options {
    let edition = judging::newest();
    let suite = judging::suite(&edition, "authorization-server");
    judging::options(edition, suite, Target::AuthorizationServer(Box::new(issuer)), only)
}

/// The events of a run against our server with these deviations, and the secrets that it gave out.
async fn judged(set_up: SetUp, broken: &[&str], only: &[&str]) -> (Vec<Event>, Vec<Arc<str>>) {
    let documents = matches!(set_up, SetUp::Documents | SetUp::Asking);
    let relaxed: &[&str] = match set_up {
        SetUp::Keys => &["assertions_taken"],
        _ if documents => &["cimd_private_refused", "cimd_https_required"],
        _ => &[],
    };
    let profile = relaxed.iter().chain(broken).fold(Profile::SPEC, |profile, name| {
        profile.deviating(name).unwrap_or_else(|| panic!("there is no deviation `{name}`"))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let mut reach = Reach::default();
    let bind = if set_up == SetUp::Tls {
        let authority = plumb_oauth::server::Authority::generate().expect("an authority");
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, authority.pem()).expect("written");
        reach.ca_files.push(file);
        Bind::tls(&authority)
    } else {
        Bind::http()
    };
    let decision = if set_up == SetUp::Asking { Decision::Ask } else { Decision::Approve };
    let server =
        AuthorizationServer::of(profile).decision(decision).serve(bind).await.expect("starts");
    server.issuer().clone_into(&mut reach.url);
    let documents = documents.then(|| "http://127.0.0.1:{port}".to_owned());
    let issuer = Issuer { reach, documents, ..Issuer::default() };
    let registry = plumb_checks::of_authorization_servers();
    let events = judging::events(&registry, options(issuer, only)).await;
    let events = events.expect("the server is reached");
    let secrets = server.secrets().all();
    server.stop().await;
    (events, secrets)
}

fn verdicts(events: Vec<Event>) -> BTreeMap<String, Verdict> {
    let report = Report::fold(events).expect("a whole stream");
    report.checks.into_iter().map(|c| (c.info.id, c.verdict)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn our_authorization_server_holds_every_check() {
    let mut held = BTreeSet::new();
    for set_up in [SetUp::Plain, SetUp::Tls, SetUp::Documents, SetUp::Asking, SetUp::Keys] {
        for (id, verdict) in verdicts(judged(set_up, &[], &[]).await.0) {
            match verdict {
                Verdict::Held => drop(held.insert(id)),
                Verdict::Unverified { .. } => {}
                other => panic!("{set_up:?}: {id}: {other:?}"),
            }
        }
    }
    let all: BTreeSet<String> =
        plumb_checks::of_authorization_servers().iter().map(|c| c.id.to_owned()).collect();
    assert_eq!(all.difference(&held).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// What a server may do otherwise, and which checks hold all the same.
const LEGAL: &[(&[&str], SetUp, &[&str])] = &[
    // Metadata that list one way of showing a secret, and registrations that replace another by it.
    (&["methods_listed:form-only"], SetUp::Plain, &["auth.as.oauth21", "auth.as.rotate-refresh"]),
    (&["callers_unlimited"], SetUp::Plain, &["auth.*", "authsec.*"]),
    (&["cimd_redirects_refused"], SetUp::Documents, &["auth.as.cimd-*", "cimd.*"]),
    (&["cimd_secrets:ignored"], SetUp::Documents, &["auth.as.cimd-*", "cimd.*"]),
    (&["cimd_kept_at_least:minutes"], SetUp::Documents, &["auth.as.cimd-*", "cimd.*"]),
    (
        &["refusals_shown:on-pages"],
        SetUp::Plain,
        &["auth.as.oauth21", "auth.as.untrusted-redirect"],
    ),
    // An issuer that ends with a slash, given without: `auth.as.metadata` says so, and nothing else is held against it.
    (
        &[
            "metadata_issuer:own-with-slash",
            "iss_in_success:own-with-slash",
            "iss_in_error:own-with-slash",
        ],
        SetUp::Plain,
        &["auth.as.iss-*"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_may_do_otherwise_fails_nothing() {
    for (variant, set_up, only) in LEGAL {
        let events = judged(*set_up, variant, only).await.0;
        let report = Report::fold(events.clone()).expect("a whole stream");
        for check in report.checks {
            for case in &check.cases {
                let fine = matches!(case.verdict, Verdict::Held | Verdict::Unverified { .. });
                assert!(fine, "{variant:?}: {}#{}: {:?}", check.info.id, case.case, case.verdict);
            }
        }
        let plain = verdicts(judged(*set_up, &[], only).await.0);
        let held = |all: BTreeMap<String, Verdict>| -> Vec<String> {
            all.into_iter().filter(|(_, v)| *v == Verdict::Held).map(|(id, _)| id).collect()
        };
        assert_eq!(held(verdicts(events)), held(plain), "{variant:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_notices_a_departure() {
    let mut unnoticed = Vec::new();
    for (id, deviation, set_up) in NOTICED {
        let verdict = verdicts(judged(*set_up, &[deviation], &[id]).await.0).remove(*id);
        if !matches!(verdict, Some(Verdict::Violated { .. })) {
            unnoticed.push(format!("{deviation} is not noticed by {id}: {verdict:?}"));
        }
    }
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    for check in plumb_checks::of_authorization_servers() {
        assert!(
            NOTICED.iter().any(|(id, _, _)| *id == check.id),
            "`{}` has no departure to notice",
            check.id
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_holds_a_secret_of_the_server() {
    for set_up in [SetUp::Plain, SetUp::Documents, SetUp::Asking] {
        let (events, secrets) = judged(set_up, &[], &[]).await;
        let text: String =
            events.iter().map(|e| serde_json::to_string(e).expect("serialises")).collect();
        assert!(!secrets.is_empty());
        let shown: Vec<_> = secrets.iter().filter(|s| text.contains(s.as_ref())).collect();
        assert_eq!(shown, Vec::<&Arc<str>>::new(), "{set_up:?}");
    }
}

#[test]
fn every_requirement_on_authorization_servers_has_a_check_or_an_exclusion() {
    let ledger = Edition::latest().ledger;
    let checks = plumb_checks::of_authorization_servers();
    for check in &checks {
        assert!(ledger.requirement(check.id).is_some(), "`{}` is not in the ledger", check.id);
        assert!(
            ledger.exclusion(check.id, Role::AuthorizationServer).is_none(),
            "`{}` has a check and is excluded",
            check.id
        );
        let docs = check.docs.join("\n");
        for part in ["**Observed", "**Why", "**Fix"] {
            assert!(docs.contains(part), "`{}` does not say {part}", check.id);
        }
    }
    let binds = |party: Party| matches!(party, Party::AuthorizationServer | Party::Both);
    let open: Vec<&str> = ledger
        .rows()
        .iter()
        .filter(|r| r.observe == Observe::As && binds(r.party))
        .map(|r| r.id.as_str())
        .filter(|id| {
            checks.iter().all(|c| !c.covers(id))
                && ledger.exclusion(id, Role::AuthorizationServer).is_none()
        })
        .collect();
    assert!(open.is_empty(), "neither judged nor excluded: {open:?}");
}
