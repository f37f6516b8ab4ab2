//! Introspection and revocation.

use plumb_oauth::mint::{Access, Standing};
use plumb_oauth::server::TokenForm;
use plumb_oauth::{Profile, TokenDeviation};

use crate::agent::{RESOURCE, Scene};

#[tokio::test]
async fn introspection_is_for_those_who_can_prove_who_they_are() {
    let scene = Scene::of(Profile::SPEC).await;
    let token = scene.server.token(&Access::to(RESOURCE)).expect("mints");
    let introspect = scene.endpoint("introspect");
    let form = [("token", token.as_str()), ("client_id", "plumb-public")];
    assert_eq!(scene.agent.form(&introspect, &form, None).await.status, 401);
    assert_eq!(scene.agent.form(&introspect, &form[..1], None).await.status, 401);
    let claims = scene.introspect(token.as_str()).await;
    assert_eq!((claims["active"].as_bool(), claims["aud"].as_str()), (Some(true), Some(RESOURCE)));
}

#[tokio::test]
async fn introspection_knows_genuine_tokens_in_time_and_no_others_in_both_forms() {
    use TokenDeviation as D;
    for token_form in [TokenForm::Jwt, TokenForm::Opaque] {
        let scene = Scene::of(Profile { token_form, ..Profile::SPEC }).await;
        let access = Access::to(RESOURCE).scopes(["mcp:read", "mcp:write"]);
        let valid = scene.server.token(&access).expect("mints");
        assert_eq!(scene.introspect(valid.as_str()).await["active"], true);
        for &deviation in D::ALL {
            // The body of an introspection request is bounded.
            if deviation == D::Oversized {
                continue;
            }
            let token = scene.server.broken(&access, deviation).expect("mints");
            let answer = scene.introspect(token.as_str()).await;
            let slug = deviation.slug();
            let for_others = slug.starts_with("audience-");
            let ours = deviation.standing() == Standing::Valid || slug.starts_with("scope-");
            if for_others || ours {
                assert_eq!(answer["active"], true, "{slug}");
            }
            if for_others && deviation.standing() == Standing::Invalid {
                assert_ne!(answer["aud"], RESOURCE, "{slug}");
            } else if deviation.standing() == Standing::Invalid && deviation != D::IdToken {
                assert_eq!(answer, serde_json::json!({"active": false}), "{slug}");
            }
        }
    }
}

#[tokio::test]
async fn a_revoked_token_is_inactive_and_revocation_says_nothing_about_unknown_ones() {
    let scene = Scene::of(Profile::SPEC).await;
    let tokens = scene.redeem(&scene.code().await, &[]).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let revoke = async |token: &str, client: &str| {
        let form = [("token", token), ("client_id", client)];
        scene.agent.form(&scene.endpoint("revoke"), &form, None).await.status
    };
    assert_eq!(revoke("no-such-token", "plumb-public").await, 200);
    assert_eq!(revoke(&access, "plumb-confidential").await, 401);
    assert_eq!(scene.introspect(&access).await["active"], true);
    assert_eq!(revoke(&access, "plumb-public").await, 200);
    assert_eq!(scene.introspect(&access).await["active"], false);
    assert_eq!(scene.introspect(&refresh).await["active"], true);
    assert_eq!(revoke(&refresh, "plumb-public").await, 200);
    assert_eq!(scene.introspect(&refresh).await["active"], false);
    assert_eq!(scene.refresh(&refresh, &[]).await.error(), "invalid_grant");
}
