//! client/elicitation#identifying-the-user: who the user is follows from the token.

use plumb_runner::{Bench, Finding, Judgement, OTHER_PRINCIPAL, Observed, PRINCIPAL, Prop, check};
use plumb_wire::meta;
use serde_json::{Value, json};

/// Names of arguments by which a client may claim to be somebody.
const CLAIMS: [&str; 9] =
    ["user", "user_id", "userId", "username", "email", "sub", "subject", "account", "name"];

check! {
    /// **Observed:** the tool that tells who asks (`whoami`, or `[props.whoami-tool]`) tells neither of two principals the
    /// other's subject. **Position:** a user may be known by another claim than `sub`; a tool that tells no subject shows
    /// nothing.
    ///
    /// **Why:** an identity that is taken from anywhere else belongs to whoever wrote it there.
    ///
    /// **Fix:** take the user from the `sub` of the validated token of the request.
    pub(super) FROM_CREDENTIALS = "elicit.state.user-from-credentials";
    applies: [Auth];
    needs: [WhoamiTool];
    scenario: from_credentials
}

async fn from_credentials(bench: &Bench) -> Judgement {
    let auth = bench.auth()?;
    for (who, another) in [(PRINCIPAL, OTHER_PRINCIPAL), (OTHER_PRINCIPAL, PRINCIPAL)] {
        let token = auth.token(&auth.access(who))?;
        let (principal, somebody_else) = (auth.subject(who)?, auth.subject(another)?);
        let seen = bench.control(bench.call(Prop::WhoamiTool)?.bearer(token.as_str())).await?;
        let told = told(&seen);
        let finding = match (told.contains(&principal), told.contains(&somebody_else)) {
            (_, true) => Finding::violated(format!("the subject {principal:?}"), seen.describe()),
            (true, false) => Finding::Held,
            (false, false) => Finding::unseen(
                "the tool that tells who asks does not tell the subject of the token",
                "name a tool that does in plumb.toml: [props.whoami-tool]",
            ),
        };
        bench.case(who, format!("the token of {principal}"), Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** the tool that tells who asks goes on telling the subject of the token when arguments, `_meta` and
    /// `clientInfo` claim to be another user.
    ///
    /// **Why:** a claim that nobody verified lets each user be any other.
    ///
    /// **Fix:** treat what a client says of its user as text to show, never as who is asking.
    pub(super) NO_SELF_CLAIM = "elicit.user.no-self-claim";
    applies: [Auth];
    needs: [WhoamiTool];
    scenario: no_self_claim
}

async fn no_self_claim(bench: &Bench) -> Judgement {
    let found = bench.prop(Prop::WhoamiTool)?;
    let subject = bench.auth()?.subject(PRINCIPAL)?;
    let plain = bench.control(bench.call(Prop::WhoamiTool)?).await?;
    if !told(&plain).contains(&subject) {
        return Ok(Finding::unseen(
            format!("the tool does not tell the subject of the token: {}", plain.describe()),
            "name a tool that does in plumb.toml: [props.whoami-tool]",
        ));
    }
    let schema = bench.survey().tool(&found.name).map_or(Value::Null, |t| t["inputSchema"].clone());
    let open = schema["additionalProperties"] != false;
    let taken = CLAIMS
        .iter()
        .filter(|claim| schema["properties"].get(**claim).is_some_and(|p| p["type"] == "string"));
    let mut claims: Vec<&str> = taken.copied().collect();
    if claims.is_empty() && open {
        claims = vec!["user", "email"];
    }
    for claim in claims {
        let mut arguments = found.arguments.clone();
        arguments.insert(claim.to_owned(), json!(OTHER_PRINCIPAL));
        let seen = bench.send(bench.call_of(&found.name, Value::Object(arguments))).await?;
        bench.case(
            &format!("argument-{claim}"),
            format!("the argument {claim:?} names another user"),
            Ok(kept(&seen, &subject)),
        );
    }
    let info = json!({"name": OTHER_PRINCIPAL, "version": "1.0.0"});
    let seen = bench.send(bench.call(Prop::WhoamiTool)?.meta(meta::CLIENT_INFO, info)).await?;
    bench.case("client-info", "`clientInfo` names another user", Ok(kept(&seen, &subject)));
    let seen = bench.send(bench.call(Prop::WhoamiTool)?.meta("user", OTHER_PRINCIPAL)).await?;
    bench.case("meta", "`_meta` names another user", Ok(kept(&seen, &subject)));
    bench.conclude()
}

/// A refusal is as good as the truth.
fn kept(seen: &Observed, subject: &str) -> Finding {
    let fits = told(seen).contains(subject) || !seen.is_accepted();
    Finding::expect(fits, format!("the subject {subject:?} of the token"), || seen.describe())
}

/// What a result says, without what the protocol adds.
fn told(seen: &Observed) -> String {
    let mut result = seen.complete().cloned().unwrap_or_default();
    if let Some(result) = result.as_object_mut() {
        result.remove("_meta");
    }
    result.to_string()
}
