//! The user, scripted or asked.

use plumb_oauth::Profile;
use plumb_oauth::server::Decision;

use crate::agent::Scene;

#[tokio::test]
async fn a_script_decides_request_by_request_and_then_the_default_returns() {
    let scene = Scene::of(Profile::SPEC).await;
    scene.server.decide([
        Decision::Deny,
        Decision::Fail("temporarily_unavailable".to_owned()),
        Decision::ApproveAs("bob".to_owned()),
        Decision::Grant(vec!["mcp:write".to_owned()]),
    ]);
    assert_eq!(scene.authorize(&[]).await.error(), "access_denied");
    assert_eq!(scene.authorize(&[]).await.error(), "temporarily_unavailable");
    for (sub, scope) in [("bob", "mcp:read"), ("alice", "mcp:write"), ("alice", "mcp:read")] {
        let access = scene.redeem(&scene.code().await, &[]).await.text("access_token");
        let claims = scene.introspect(&access).await;
        assert_eq!((claims["sub"].as_str(), claims["scope"].as_str()), (Some(sub), Some(scope)));
    }
}

#[tokio::test]
async fn the_page_names_the_host_warns_of_loopback_and_is_answered_once() {
    let scene = Scene::of(Profile::SPEC).await;
    scene.server.decide([Decision::Ask]);
    let page = scene.authorize(&[]).await;
    assert_eq!((page.status, page.location()), (200, None));
    assert!(page.body.contains("<b>127.0.0.1</b>"), "{}", page.body);
    assert!(page.body.contains("Warning: this application runs on localhost"));
    let at = page.body.find("value=\"").expect("the request") + 7;
    let request = &page.body[at..at + 44];
    let consent = scene.endpoint("consent");
    let form = [("request", request), ("decision", "approve"), ("subject", "carol")];
    let answer = scene.agent.form(&consent, &form, None).await;
    let access = scene.redeem(&answer.sent("code").expect("a code"), &[]).await;
    assert_eq!(scene.introspect(&access.text("access_token")).await["sub"], "carol");
    assert_eq!(scene.agent.form(&consent, &form, None).await.status, 400);
}
