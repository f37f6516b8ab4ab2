use super::*;

fn planned(package: &str, answers: &str) -> Result<Plan, PlanError> {
    let text = format!(
        r#"{{"$schema": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json",
            "name": "io.example/a", "version": "1.0.0", {package}}}"#
    );
    let answers = Answers::parse(answers).expect("answers");
    plan(&Entry::parse(&text).expect("an entry"), &answers, false)
}

fn npm(more: &str) -> String {
    format!(
        r#""packages": [{{"registryType": "npm", "identifier": "@a/b", "version": "1.2.3", "transport": {{"type": "stdio"}}{more}}}]"#
    )
}

#[test]
fn a_package_becomes_an_argument_vector_and_no_value_of_it_a_shell_word() {
    let more = r#", "packageArguments": [{"type": "positional", "value": "; rm -rf /"},
        {"type": "named", "name": "--dir", "value": "{d}/x", "variables": {"d": {"default": "/data"}}},
        {"type": "named", "name": "--maybe"}],
        "environmentVariables": [{"name": "LEVEL", "default": "info"}, {"name": "UNSET"}]"#;
    let plan = planned(&npm(more), "").expect("a plan");
    assert_eq!(plan.package, "pkg:npm/%40a/b@1.2.3");
    let Way::Command { fetch, arguments, env, url } = plan.way else { panic!("a command") };
    assert_eq!(fetch, Fetch::Npm("@a/b@1.2.3".into()));
    assert_eq!(arguments, ["; rm -rf /", "--dir", "/data/x"]);
    assert_eq!((env, url), (vec![("LEVEL".into(), "info".into())], None));
}

#[test]
fn a_required_input_without_a_value_needs_an_answer_and_is_never_guessed() {
    let more = r#", "environmentVariables": [{"name": "KEY", "isRequired": true, "isSecret": true, "description": "The key."},
        {"name": "MODE", "isRequired": true, "choices": ["a", "b"]}]"#;
    let Err(PlanError::NeedsAnswers(questions)) = planned(&npm(more), "") else {
        panic!("needs answers")
    };
    let asked = Answers::asked(&questions);
    assert!(asked.contains("# The key.\n\"KEY\" = { env = \"KEY\" }"), "{asked}");
    assert!(asked.contains("# One of: a, b\n\"MODE\" = \"\""), "{asked}");
    assert!(Answers::parse(&asked).is_ok());
    let plan = planned(&npm(more), "[answers]\nKEY = 'k'\nMODE = 'b'").expect("a plan");
    assert_eq!(plan.secrets, [("KEY".to_owned(), "k".to_owned())]);
    let wrong = planned(&npm(more), "[answers]\nKEY = 'k'\nMODE = 'c'");
    assert!(matches!(wrong, Err(PlanError::NeedsAnswers(left)) if left.len() == 1));
}

#[test]
fn a_remote_is_an_address_with_its_places_filled_in() {
    let remote = r#""remotes": [{"type": "sse", "url": "https://a.example/sse"},
        {"type": "streamable-http", "url": "https://{tenant}.a.example/mcp", "variables": {"tenant": {"isRequired": true}},
         "headers": [{"name": "X-Key", "value": "Bearer {key}", "variables": {"key": {"isSecret": true, "isRequired": true}}}]}]"#;
    let plan = planned(remote, "[answers]\ntenant = 't'\nkey = 's3cret'").expect("a plan");
    let (url, headers) =
        ("https://t.a.example/mcp".to_owned(), vec![("X-Key".into(), "Bearer s3cret".into())]);
    assert_eq!(plan.way, Way::Remote { url, headers });
    assert!(plan.secrets.contains(&("key".to_owned(), "s3cret".to_owned())));
    assert!(matches!(planned(remote, ""), Err(PlanError::NeedsAnswers(all)) if all.len() == 2));
}

#[test]
fn a_port_that_is_told_to_the_server_is_one_that_the_run_chooses() {
    let package = r#""packages": [{"registryType": "pypi", "identifier": "a", "version": "1.0",
        "transport": {"type": "streamable-http", "url": "http://localhost:{--port}/mcp"},
        "packageArguments": [{"type": "named", "name": "--port", "default": "8000"}]}]"#;
    let Way::Command { url, arguments, .. } = planned(package, "").expect("a plan").way else {
        panic!("a command")
    };
    assert_eq!(url.as_deref(), Some("http://localhost:{port}/mcp"));
    assert_eq!(arguments, ["--port", "{port}"]);
}

#[test]
fn what_we_do_not_know_is_told_and_a_name_that_is_an_option_is_refused() {
    let odd = r#""packages": [{"registryType": "cargo", "identifier": "a", "version": "1", "transport": {"type": "stdio"}},
        {"registryType": "npm", "identifier": "--exec=x", "version": "1", "transport": {"type": "stdio"}}]"#;
    let error = planned(odd, "").expect_err("nothing").to_string();
    assert!(
        error.contains("of the registry cargo") && error.contains("no name of a package"),
        "{error}"
    );
}

#[test]
fn an_image_gets_its_environment_and_nothing_of_this_machine() {
    let image = |runtime: &str| {
        format!(
            r#""packages": [{{"registryType": "oci", "identifier": "ghcr.io/a/b:1.0", "transport": {{"type": "stdio"}},
                "runtimeArguments": [{runtime}]}}]"#
        )
    };
    let named = |name: &str, value: &str| {
        format!(r#"{{"type": "named", "name": "{name}", "value": "{value}"}}"#)
    };
    let plan = planned(&image(&[named("--rm", ""), named("-e", "KEY=a=b")].join(", ")), "");
    let Way::Command { fetch, env, .. } = plan.expect("a plan").way else { panic!("a command") };
    assert_eq!(fetch, Fetch::Image("ghcr.io/a/b:1.0".into()));
    assert_eq!(env, [("KEY".to_owned(), "a=b".to_owned())]);
    let error = planned(&image(&named("-v", "/home:/home")), "").expect_err("a folder").to_string();
    assert!(error.contains("nothing of this machine"), "{error}");
}

#[test]
fn a_server_that_cannot_be_told_its_port_is_not_taken_for_one_over_standard_streams() {
    let package = r#""packages": [{"registryType": "pypi", "identifier": "a", "version": "1.0",
        "transport": {"type": "streamable-http", "url": "http://localhost:8000/mcp"}}]"#;
    let error = planned(package, "").expect_err("a fixed port").to_string();
    assert!(error.contains("tells it another port"), "{error}");
}
