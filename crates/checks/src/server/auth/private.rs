//! Two principals: what belongs to one is nothing to the other.

use plumb_flows::auth::lists::{items, only};
use plumb_model::pack::Base;
use plumb_runner::{
    Bench, Finding, Judgement, OTHER_PRINCIPAL, Observed, PRINCIPAL, Probe, Token, Trouble, check,
    task_capable,
};
use plumb_wire::{method, notification};
use serde_json::{Value, json};

use super::open::ask;

/// So many things that only one principal sees are tried by the other.
const TRIED: usize = 6;

/// What may be kept by a cache.
const CACHED: [Base; 6] = [
    Base::Discover,
    Base::ToolsList,
    Base::ResourcesList,
    Base::TemplatesList,
    Base::PromptsList,
    Base::ResourcesRead,
];

/// The longest beginning of a private value that is guessed.
const PREFIX: usize = 4;

/// The tokens of two principals, with the same scopes.
struct Two {
    one: Token,
    other: Token,
}

impl Two {
    fn of(bench: &Bench) -> Result<Self, Trouble> {
        let auth = bench.auth()?;
        let token = |principal| auth.token(&auth.access(principal));
        Ok(Self { one: token(PRINCIPAL)?, other: token(OTHER_PRINCIPAL)? })
    }

    /// What is listed for the first and not for the other, by a member; none if nothing is listed for the other.
    async fn private(
        &self,
        bench: &Bench,
        method: &str,
        member: &str,
        key: &str,
    ) -> Result<Vec<String>, Trouble> {
        let mine = items(bench, method, member, self.one.as_str()).await?;
        let theirs = items(bench, method, member, self.other.as_str()).await?;
        Ok(only(&mine, &theirs, key).into_iter().take(TRIED).map(str::to_owned).collect())
    }

    async fn resources(&self, bench: &Bench) -> Result<Vec<String>, Trouble> {
        self.private(bench, method::RESOURCES_LIST, "resources", "uri").await
    }
}

fn nothing_private(what: &str) -> Finding {
    Finding::unseen(
        format!("two principals are shown the same {what}"),
        format!(
            "let the list depend on who asks, and give the subjects {PRINCIPAL:?} and {OTHER_PRINCIPAL:?} some of their own"
        ),
    )
}

check! {
    /// **Observed:** a resource that is listed for one principal alone is refused to another who reads it.
    ///
    /// **Why:** URIs can be guessed, and stand in caches and logs.
    ///
    /// **Fix:** check the rights of the caller when a resource is read, not only when resources are listed.
    pub(super) RESOURCES = "resources.sec.access-control";
    applies: [Auth, Declares(Resources)];
    scenario: resources
}

async fn resources(bench: &Bench) -> Judgement {
    let two = Two::of(bench)?;
    let private = two.resources(bench).await?;
    for (n, uri) in private.iter().enumerate() {
        let read = Probe::request(method::RESOURCES_READ, json!({"uri": uri}));
        bench.control(read.clone().bearer(two.one.as_str())).await?;
        let seen = bench.send(read.bearer(two.other.as_str())).await?;
        let told = seen.is_accepted()
            && seen
                .result()
                .is_some_and(|r| r["contents"].as_array().is_some_and(|c| !c.is_empty()));
        let finding =
            Finding::expect(!told, "a refusal to the other principal", || seen.describe());
        bench.case(
            &format!("read-{}", n + 1),
            format!("{uri:?} by another principal"),
            Ok(finding),
        );
    }
    if private.is_empty() { Ok(nothing_private("resources")) } else { bench.conclude() }
}

check! {
    /// **Observed:** a subscription to a resource that is listed for another principal alone is refused, or acknowledged
    /// without it.
    ///
    /// **Why:** that something changed, and when, is information, too.
    ///
    /// **Fix:** check the rights for every URI of a subscription as for a read.
    pub(super) LISTEN = "resources.sec.permission-check";
    applies: [Auth, Declares(ResourcesSubscribe)];
    scenario: listen
}

async fn listen(bench: &Bench) -> Judgement {
    let two = Two::of(bench)?;
    let private = two.resources(bench).await?;
    for (n, uri) in private.iter().enumerate() {
        let filter = json!({"notifications": {"resourceSubscriptions": [uri]}});
        let probe = Probe::request(method::LISTEN, filter);
        let mine = ask(bench, probe.clone().bearer(two.one.as_str())).await?;
        if !acknowledged(&mine, "resourceSubscriptions", uri) {
            return Err(Trouble::Control(mine.describe()));
        }
        let seen = ask(bench, probe.bearer(two.other.as_str())).await?;
        let told = acknowledged(&seen, "resourceSubscriptions", uri);
        let finding =
            Finding::expect(!told, "no subscription of the other principal", || seen.describe());
        bench.case(
            &format!("listen-{}", n + 1),
            format!("{uri:?} by another principal"),
            Ok(finding),
        );
    }
    if private.is_empty() { Ok(nothing_private("resources")) } else { bench.conclude() }
}

/// Whether a subscription was acknowledged with this value in a list of its filter.
fn acknowledged(seen: &Observed, member: &str, value: &str) -> bool {
    seen.notifications(notification::ACKNOWLEDGED).any(|ack| {
        let filter = ack.params().and_then(|p| p.pointer(&format!("/notifications/{member}")));
        filter.and_then(Value::as_array).is_some_and(|list| list.iter().any(|v| v == value))
    })
}

check! {
    /// **Observed:** a prompt that is listed for one principal alone is refused to another who gets it.
    /// **Position:** tools and resources are judged by `tools.sec.access-control` and `resources.sec.access-control`.
    ///
    /// **Why:** a shared cache may show a list to somebody whom it was not made for; what is listed must not be theirs for
    /// that.
    ///
    /// **Fix:** check the rights of the caller for each primitive, when it is used.
    pub(super) PROMPTS = "caching.sec.access-control";
    applies: [Auth, Declares(Prompts)];
    scenario: prompts
}

async fn prompts(bench: &Bench) -> Judgement {
    let two = Two::of(bench)?;
    let private = two.private(bench, method::PROMPTS_LIST, "prompts", "name").await?;
    let all = items(bench, method::PROMPTS_LIST, "prompts", two.one.as_str()).await?;
    for (n, name) in private.iter().enumerate() {
        let listed = all.iter().find(|prompt| prompt["name"] == name.as_str());
        let needed = listed.and_then(|prompt| prompt["arguments"].as_array()).into_iter().flatten();
        let needed = needed.filter(|a| a["required"] == true).filter_map(|a| a["name"].as_str());
        let arguments: Value = needed
            .map(|name| (name.to_owned(), json!("plumb")))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let get =
            Probe::request(method::PROMPTS_GET, json!({"name": name, "arguments": arguments}));
        bench.control(get.clone().bearer(two.one.as_str())).await?;
        let seen = bench.send(get.bearer(two.other.as_str())).await?;
        let finding =
            Finding::expect(!seen.is_accepted(), "a refusal to the other principal", || {
                seen.describe()
            });
        bench.case(
            &format!("get-{}", n + 1),
            format!("{name:?} by another principal"),
            Ok(finding),
        );
    }
    if private.is_empty() { Ok(nothing_private("prompts")) } else { bench.conclude() }
}

check! {
    /// **Observed:** completing the variable of a template shows no value by which a resource that is listed for another
    /// principal alone has come of that template.
    ///
    /// **Why:** a list of completions is a list of what there is.
    ///
    /// **Fix:** complete from what the caller may see.
    pub(super) COMPLETIONS = "completion.sec.access";
    applies: [Auth, Declares(Completions), Declares(Resources)];
    scenario: completions
}

async fn completions(bench: &Bench) -> Judgement {
    completed(bench, |_| vec![String::new()]).await
}

check! {
    /// **Observed:** completing a beginning of such a value, as somebody who guesses would, does not show it either.
    ///
    /// **Why:** letter by letter, a private name is found in a few dozen requests.
    ///
    /// **Fix:** filter by rights before filtering by what was typed.
    pub(super) PREFIXES = "completion.sec.disclosure";
    applies: [Auth, Declares(Completions), Declares(Resources)];
    scenario: prefixes
}

async fn prefixes(bench: &Bench) -> Judgement {
    let prefixes = |value: &str| {
        let letters = value.chars().count().min(PREFIX);
        (1..=letters).map(|n| value.chars().take(n).collect()).collect()
    };
    completed(bench, prefixes).await
}

/// Completes private values as the other principal, with each text typed.
async fn completed(bench: &Bench, typed: impl Fn(&str) -> Vec<String>) -> Judgement {
    let two = Two::of(bench)?;
    let private = two.resources(bench).await?;
    let templates: Vec<String> = bench
        .survey()
        .templates
        .items
        .iter()
        .filter_map(|t| t.value["uriTemplate"].as_str().map(str::to_owned))
        .collect();
    let mut values: Vec<(String, String, String)> = Vec::new();
    for uri in &private {
        let found = templates.iter().filter_map(|template| {
            let (name, value) = variable(template, uri)?;
            Some((template.clone(), name, value))
        });
        values.extend(found);
    }
    for (n, (template, name, value)) in values.into_iter().enumerate() {
        for text in typed(&value) {
            let complete = Probe::request(
                method::COMPLETE,
                json!({
                    "ref": {"type": "ref/resource", "uri": template},
                    "argument": {"name": name, "value": text},
                }),
            );
            let mine = bench.send(complete.clone().bearer(two.one.as_str())).await?;
            if !shows(&mine, &value) {
                continue;
            }
            let seen = bench.send(complete.bearer(two.other.as_str())).await?;
            let finding =
                Finding::expect(!shows(&seen, &value), "no value of the other principal", || {
                    seen.describe()
                });
            let slug = format!("value-{}-{}", n + 1, text.chars().count());
            bench.case(
                &slug,
                format!("{template:?} completed from {text:?} by another principal"),
                Ok(finding),
            );
        }
    }
    match bench.conclude()? {
        Finding::Unseen { .. } => Ok(Finding::unseen(
            "no completion shows one principal what another has none of",
            "let a template complete to resources that only some principals see",
        )),
        finding => Ok(finding),
    }
}

/// The name and the value of the one variable by which a URI comes of a template.
fn variable(template: &str, uri: &str) -> Option<(String, String)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    let value = uri.strip_prefix(before)?.strip_suffix(after)?;
    let plain = !after.contains('{') && !value.is_empty() && !value.contains('/');
    plain.then(|| (name.to_owned(), value.to_owned()))
}

fn shows(seen: &Observed, value: &str) -> bool {
    let values = seen.complete().and_then(|r| r.pointer("/completion/values")?.as_array());
    values.is_some_and(|values| values.iter().any(|v| v == value))
}

check! {
    /// **Observed:** where two principals, or tokens of more and of fewer scopes, get different answers to the same
    /// request, and each the same twice, no answer says `cacheScope: "public"`.
    ///
    /// **Why:** a shared cache shows a public answer to everybody.
    ///
    /// **Fix:** say `private` for all that depends on who asks.
    pub(super) SCOPE_TRUTHFUL = "caching.scope-truthful";
    applies: [Auth];
    scenario: scope_truthful
}

async fn scope_truthful(bench: &Bench) -> Judgement {
    let auth = bench.auth()?;
    let one = auth.token(&auth.access(PRINCIPAL))?;
    let narrow = auth.scoped_if_any(PRINCIPAL, auth.scopes().get(..1).unwrap_or_default())?;
    let others = match narrow {
        Some(_) => auth.scoped_if_any(OTHER_PRINCIPAL, auth.scopes())?,
        None => Some(auth.token(&auth.access(OTHER_PRINCIPAL))?),
    };
    let others = [("other-principal", others), ("fewer-scopes", narrow)];
    for base in CACHED {
        let Some(probe) = bench.base(base) else { continue };
        let first = bench.control(probe.clone().bearer(one.as_str())).await?;
        for (slug, token) in &others {
            let Some(token) = token else { continue };
            let seen = bench.send(probe.clone().bearer(token.as_str())).await?;
            let again = bench.send(probe.clone().bearer(one.as_str())).await?;
            if !seen.is_accepted() || content(&first) != content(&again) {
                continue;
            }
            let public = [&first, &seen]
                .into_iter()
                .any(|s| s.result().is_some_and(|r| r["cacheScope"] == "public"));
            let differs = content(&first) != content(&seen);
            let finding = Finding::expect(
                !(differs && public),
                "`cacheScope` is not public where answers differ",
                || "the answers differ, and `cacheScope` is \"public\"".into(),
            );
            bench.case(
                &format!("{}-{slug}", base.name()),
                format!("{} by {slug}", base.name()),
                Ok(finding),
            );
        }
    }
    bench.conclude()
}

/// What an answer says, without what may differ each time.
fn content(seen: &Observed) -> Option<Value> {
    let mut result = seen.complete()?.clone();
    let members = result.as_object_mut()?;
    for member in ["_meta", "nextCursor", "ttlMs", "cacheScope"] {
        members.remove(member);
    }
    Some(result)
}

check! {
    /// **Observed:** reading, answering and cancelling a task of one principal is refused to another, and tells nothing.
    ///
    /// **Why:** a task id alone opens results, and stands in logs and addresses.
    ///
    /// **Fix:** keep the principal with the task, and treat everybody else's ids as unknown.
    pub(super) TASKS = "tasks.sec.auth-binding";
    applies: [Auth, Declares(Tasks)];
    scenario: tasks
}

async fn tasks(bench: &Bench) -> Judgement {
    let two = Two::of(bench)?;
    for base in [Base::TasksGet, Base::TasksUpdate, Base::TasksCancel] {
        let Some(probe) = bench.base(base) else { continue };
        bench.control(probe.clone().bearer(two.one.as_str())).await?;
        let seen = bench.send(probe.bearer(two.other.as_str())).await?;
        let finding =
            Finding::expect(!seen.is_accepted(), "a refusal to the other principal", || {
                seen.describe()
            });
        bench.case(base.name(), format!("{} by another principal", base.name()), Ok(finding));
    }
    bench.conclude()
}

check! {
    /// **Observed:** a subscription to a task of another principal is refused, or acknowledged without it.
    ///
    /// **Why:** notifications hold the whole task, its result included.
    ///
    /// **Fix:** check for each id of `taskIds` whose task it is.
    pub(super) TASK_LISTEN = "tasks.sec.listen-binding";
    applies: [Auth, Declares(Tasks)];
    scenario: task_listen
}

async fn task_listen(bench: &Bench) -> Judgement {
    let Some(task) = bench.survey().ended_task.as_ref() else {
        return Ok(Finding::unseen("no tool that may be called answers with a task", "offer one"));
    };
    let two = Two::of(bench)?;
    let listen = Probe::request(method::LISTEN, json!({"notifications": {"taskIds": [task.id]}}));
    let listen = task_capable(listen);
    let mine = ask(bench, listen.clone().bearer(two.one.as_str())).await?;
    if !acknowledged(&mine, "taskIds", &task.id) {
        return Ok(Finding::unseen(
            format!("the task is not agreed to even for its owner: {}", mine.describe()),
            "agree to `taskIds` in the acknowledgment",
        ));
    }
    let seen = ask(bench, listen.bearer(two.other.as_str())).await?;
    let told = acknowledged(&seen, "taskIds", &task.id);
    Ok(Finding::expect(!told, "no subscription of the other principal", || seen.describe()))
}
