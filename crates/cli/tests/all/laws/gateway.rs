//! The laws of gateways: a right one holds every check, whatever it may do by HTTP, and each check notices its breaches.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt as _;
use plumb_model::{Edition, Header, Role, Verdict};
use plumb_reference::{
    GATEWAY_MUTANTS, Gateway, Reference, RunningGateway, spawn_gateway, spawn_http,
};
use plumb_runner::{Options, Reach, Target};

use crate::judging;

/// The access token that the server takes, where it demands one.
const TOKEN: &str = "the-token-of-the-run";

fn options(target: Target, only: &[&str]) -> Options {
    let edition = judging::newest();
    let suite = judging::suite(&edition, "core");
    judging::options(edition, suite, target, only)
}

/// A server, a doorman before it that knows one token, and the gateway that is judged before both.
struct Street {
    _server: plumb_reference::Running,
    doorman: RunningGateway,
    gateway: RunningGateway,
}

async fn street(gateway: Gateway, demands: bool) -> Street {
    let server = spawn_http(Reference::default()).await.expect("a free port");
    let doorman = Gateway {
        to: server.url.clone(),
        demands: demands.then(|| TOKEN.to_owned()),
        ..Gateway::default()
    };
    let doorman = spawn_gateway(doorman).await.expect("a free port");
    let gateway = Gateway { to: doorman.url.clone(), ..gateway };
    let gateway = spawn_gateway(gateway).await.expect("a free port");
    Street { _server: server, doorman, gateway }
}

async fn judged(gateway: Gateway, demands: bool, only: &[&str]) -> BTreeMap<String, Verdict> {
    let street = street(gateway, demands).await;
    let reach = |url: &str| Reach {
        url: url.to_owned(),
        headers: vec![Header::new("Authorization", format!("Bearer {TOKEN}"))],
        ..Reach::default()
    };
    let behind = Target::Url(reach(&street.doorman.url));
    let gateway = plumb_runner::Gateway { reach: reach(&street.gateway.url), behind };
    let options = options(Target::Gateway(Box::new(gateway)), only);
    let report = judging::judged(&plumb_checks::of_intermediaries(), options).await;
    let report = report.expect("both are reached");
    assert_eq!(report.run.target.role, Role::Intermediary);
    report.checks.into_iter().map(|c| (c.info.id, c.verdict)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_gateway_holds_every_check_whether_it_caches_or_not() {
    for caches in [false, true] {
        let right = Gateway { caches, ..Gateway::default() };
        let open = judged(right.clone(), false, &[]).await;
        let protected = judged(right, true, &[]).await;
        let mut held = BTreeSet::new();
        for (id, verdict) in open.into_iter().chain(protected) {
            match verdict {
                Verdict::Held => drop(held.insert(id)),
                Verdict::Unverified { .. } => {}
                other => panic!("caches {caches}: {id}: {other:?}"),
            }
        }
        let all: BTreeSet<String> =
            plumb_checks::of_intermediaries().iter().map(|c| c.id.to_owned()).collect();
        assert_eq!(all.difference(&held).collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_hides_a_tool_is_not_told_to_drop_its_fields() {
    let few = vec!["test_simple_text".to_owned()];
    let few = plumb_reference::Options { only_tools: Some(few), ..Default::default() };
    let few = spawn_http(Reference { options: few, ..Reference::default() });
    let (few, all) = (few.await.expect("a free port"), spawn_http(Reference::default()).await);
    let all = all.expect("a free port");
    let reach = |url: &str| Reach { url: url.to_owned(), ..Reach::default() };
    let gateway =
        plumb_runner::Gateway { reach: reach(&few.url), behind: Target::Url(reach(&all.url)) };
    let forwards = "http.param.intermediary-forward";
    let options = options(Target::Gateway(Box::new(gateway)), &[forwards]);
    let report = judging::judged(&plumb_checks::of_intermediaries(), options).await;
    let report = report.expect("both are reached");
    let [check] = &report.checks[..] else { panic!("{:?}", report.checks) };
    assert_eq!(check.verdict, Verdict::Held);
    assert_eq!(check.cases.len(), 2, "{:?}", check.cases);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_notices_its_breaches() {
    let wanted = std::env::var("PLUMB_MUTANT").ok();
    let mutants = GATEWAY_MUTANTS
        .iter()
        .filter(|mutant| wanted.as_ref().is_none_or(|w| w == mutant.name || w == mutant.kills));
    let tried = mutants.map(|mutant| async move {
        let gateway = Gateway { broken: vec![mutant.name.to_owned()], ..Gateway::default() };
        let demanding = ["challenges_kept", "private_kept_apart", "tokens_left_alone"];
        let demands = demanding.contains(&mutant.name);
        let verdict = judged(gateway, demands, &[mutant.kills]).await.remove(mutant.kills);
        let noticed = matches!(verdict, Some(Verdict::Violated { .. }));
        let told = format!("{} is not noticed by {}: {verdict:?}", mutant.name, mutant.kills);
        (!noticed).then_some(told)
    });
    // Most of it is waiting.
    let tried = futures_util::stream::iter(tried).buffered(judging::AT_ONCE);
    let unnoticed: Vec<String> = tried.filter_map(std::future::ready).collect().await;
    assert!(unnoticed.is_empty(), "{}", unnoticed.join("\n"));
    for check in plumb_checks::of_intermediaries() {
        assert!(
            GATEWAY_MUTANTS.iter().any(|mutant| mutant.kills == check.id),
            "`{}` has no breach to notice",
            check.id
        );
    }
}

#[test]
fn every_requirement_on_intermediaries_has_a_check_or_an_exclusion() {
    let ledger = Edition::latest().ledger;
    let checks = plumb_checks::of_intermediaries();
    for check in &checks {
        assert!(ledger.requirement(check.id).is_some(), "`{}` is not in the ledger", check.id);
        let docs = check.docs.join("\n");
        for part in ["**Observed", "**Why", "**Fix"] {
            assert!(docs.contains(part), "`{}` does not say {part}", check.id);
        }
    }
    let binds = |row: &&plumb_model::Requirement| row.binds(Role::Intermediary);
    let open: Vec<&str> = ledger
        .rows()
        .iter()
        .filter(binds)
        .map(|row| row.id.as_str())
        .filter(|id| {
            checks.iter().all(|c| !c.covers(id))
                && ledger.exclusion(id, Role::Intermediary).is_none()
        })
        .collect();
    assert!(open.is_empty(), "neither judged nor excluded: {open:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_nobody_reaches_is_no_finding() {
    let server = spawn_http(Reference::default()).await.expect("a free port");
    // It is bound, so that nobody else gets it, and nobody listens.
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let gone = format!("http://{}/mcp", socket.local_addr().expect("bound"));
    let reach = |url: &str| Reach { url: url.to_owned(), ..Reach::default() };
    let gateway =
        plumb_runner::Gateway { reach: reach(&gone), behind: Target::Url(reach(&server.url)) };
    let registry = plumb_checks::of_intermediaries();
    let target = Target::Gateway(Box::new(gateway));
    let run = plumb_runner::run(&registry, options(target, &[]), Box::new(|_| {}));
    let error = run.await.expect_err("nobody is there").to_string();
    assert!(error.contains("the gateway at"), "{error}");
    drop(socket);
}
