//! `--login`: signing in at the authorization server that a target trusts.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use plumb_model::Secrets;
use plumb_report::text::{inert, visible_line};
use plumb_runner::{Login, SignIn, SignedIn, Token};
use plumb_wire::limits::{INSTRUCTIONS, read_file};

use crate::args::RunArgs;
use crate::interrupt::interrupted;
use crate::reported::{INTERRUPTED, UNREACHED};
use crate::say::tell;
use crate::{Failure, config, output};

/// Signs in, within what people may take, and what the run may take for all that is asked meanwhile.
pub(crate) async fn sign_in(args: &RunArgs, secrets: &Secrets) -> Result<Login, Failure> {
    let people = if args.login.login_as.is_some() { 2 } else { 1 };
    let waits = Duration::from_secs(args.login.login_wait) * people;
    let signed_in =
        tokio::time::timeout(waits + args.judging.budget().at_first(), by_all(args, secrets));
    tokio::select! {
        signed_in = signed_in => signed_in.unwrap_or_else(|_| {
            let why = anyhow!("--login: what was asked was not answered within --login-wait and --budget");
            Err(Failure::new(UNREACHED, why))
        }),
        () = interrupted() => {
            Err(Failure::new(INTERRUPTED, anyhow!("interrupted before anybody had signed in")))
        }
    }
}

/// The same, by the tokens of a file if they are still good for that; as two people if two are named.
async fn by_all(args: &RunArgs, secrets: &Secrets) -> Result<Login, Failure> {
    let sign_in = how(args, secrets)?;
    let names = args.login.login_as.as_ref();
    let first = SignIn { hint: names.map(|(one, _)| one.clone()), ..sign_in.clone() };
    let kept = args.login.login_file.clone();
    let mut signed_in = person(args, &first, kept.as_deref(), secrets).await?;
    let for_another = for_another(&first, &mut signed_in, secrets).await?;
    let narrower = first.narrower(&mut signed_in, secrets).await.map_err(not_signed_in)?;
    if let Some(path) = &kept {
        keep(path, &signed_in).map_err(|error| Failure::new(output::UNWRITTEN, error))?;
    }
    let mut other = None;
    if let Some((_, name)) = names {
        let second = SignIn { hint: Some(name.clone()), ..sign_in };
        let beside = kept.map(|path| beside(&path, name));
        let somebody = person(args, &second, beside.as_deref(), secrets).await?;
        if let Some(path) = &beside {
            keep(path, &somebody).map_err(|error| Failure::new(output::UNWRITTEN, error))?;
        }
        different(&signed_in, &somebody)?;
        other = Some(somebody);
    }
    tell!("{}", inert(&visible_line(&format!("signed in at {}", signed_in.issuer))));
    Ok(Login { signed_in, for_another, narrower, other })
}

/// How to sign in, as anybody.
fn how(args: &RunArgs, secrets: &Secrets) -> Result<SignIn, Failure> {
    let authorities = args.target.ca.iter().map(|path| {
        read_file(path, INSTRUCTIONS)
            .with_context(|| format!("{} could not be read", path.display()))
    });
    let sign_in = SignIn {
        url: args.target.url.clone().unwrap_or_default(),
        scopes: args.auth.scope.clone(),
        client_id: args.login.login_client.clone(),
        client_secret: args.issuer.client_secret.clone(),
        other_resource: args.login.other_resource.clone(),
        port: args.login.login_port,
        authorities: authorities.collect::<anyhow::Result<_>>()?,
        patience: Duration::from_secs(args.login.login_wait),
        hint: None,
    };
    if let Some(secret) = &sign_in.client_secret {
        secrets.add_named("client_secret", secret.as_bytes());
    }
    Ok(sign_in)
}

/// One person, by what was kept of them or in a browser.
async fn person(
    args: &RunArgs,
    sign_in: &SignIn,
    kept: Option<&Path>,
    secrets: &Secrets,
) -> Result<SignedIn, Failure> {
    let again = match kept.filter(|path| path.is_file()).map(|path| read(path, secrets)) {
        // What is kept may be of yesterday: then somebody has to sign in.
        Some(before) => sign_in.refreshed(&before?, secrets).await.ok(),
        None => None,
    };
    if let Some(signed_in) = again {
        return Ok(signed_in);
    }
    let (browser, hint) = (args.login.browser.as_deref(), sign_in.hint.as_deref());
    let signed_in = sign_in.sign_in(secrets, |address| open(browser, hint, address)).await;
    signed_in.map_err(not_signed_in)
}

fn not_signed_in(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::new(UNREACHED, anyhow::Error::new(error).context("--login"))
}

/// Where the tokens of the second person are kept.
fn beside(path: &Path, name: &str) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{name}"));
    beside.into()
}

/// Two people who are one would be judged as two.
fn different(one: &SignedIn, other: &SignedIn) -> Result<(), Failure> {
    let subject = |person: &SignedIn| Token::of(person.access_token.clone()).subject();
    let same_subject = subject(one).is_some_and(|one| subject(other) == Some(one));
    if same_subject || one.access_token == other.access_token {
        let why = anyhow!(
            "--login-as: the same person has signed in twice; sign out between the two, or give each a browser profile ({{as}} in --browser)"
        );
        return Err(Failure::new(UNREACHED, why));
    }
    Ok(())
}

/// A token of the same person that is for the other resource, beyond doubt: it says so, and does not name the target.
async fn for_another(
    sign_in: &SignIn,
    signed_in: &mut SignedIn,
    secrets: &Secrets,
) -> Result<Option<Token>, Failure> {
    let Some(other) = sign_in.other_resource.clone() else { return Ok(None) };
    let asked = sign_in.for_another(signed_in, secrets).await;
    let token = asked.map_err(|error| {
        let told = anyhow::Error::new(error).context(format!("--other-resource {other}"));
        Failure::new(UNREACHED, told)
    })?;
    let audience = token.audience();
    if audience.as_ref().is_some_and(|audience| *audience == [other.clone()]) {
        return Ok(Some(token));
    }
    let note = format!(
        "note: --other-resource {other}: its token does not say that it is for that alone, so it shows nothing"
    );
    tell!("{}", inert(&visible_line(&note)));
    Ok(None)
}

/// Opens a browser, or says what is to be opened.
fn open(browser: Option<&str>, who: Option<&str>, address: &str) {
    let words: Vec<&str> = browser.unwrap_or_default().split_whitespace().collect();
    let whom = who.map(|who| format!(" as {who}")).unwrap_or_default();
    let opened = words.split_first().map(|(program, rest)| {
        let mut arguments: Vec<String> =
            rest.iter().map(|word| word.replace("{as}", who.unwrap_or_default())).collect();
        for word in &mut arguments {
            *word = word.replace("{url}", address);
        }
        if !rest.iter().any(|word| word.contains("{url}")) {
            arguments.push(address.to_owned());
        }
        let mut command = std::process::Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|error| format!("{program}: {error}"))
    });
    match opened {
        Some(Ok(_)) => {}
        Some(Err(why)) => {
            tell!(
                "{}",
                inert(&visible_line(&format!("--browser {why}; to sign in{whom}, open {address}")))
            );
        }
        None => tell!("{}", inert(&visible_line(&format!("to sign in{whom}, open {address}")))),
    }
}

fn read(path: &Path, secrets: &Secrets) -> Result<SignedIn, Failure> {
    let signed_in: SignedIn = serde_json::from_str(&config::read(path)?)
        // What is wrong with it is not told by its text, which holds tokens.
        .map_err(|_| anyhow!("{} holds no tokens of --login", path.display()))?;
    signed_in.hide(secrets);
    Ok(signed_in)
}

/// Writes the tokens where only the user can read them.
fn keep(path: &Path, signed_in: &SignedIn) -> anyhow::Result<()> {
    let unwritten = || format!("{} could not be written", path.display());
    output::folder_of(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    // One that was left may be readable by others.
    let _ = std::fs::remove_file(&name);
    let mut file = private(Path::new(&name)).with_context(unwritten)?;
    file.write_all(&serde_json::to_vec(signed_in)?).with_context(unwritten)?;
    std::fs::rename(&name, path).with_context(unwritten)
}

#[cfg(unix)]
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> std::io::Result<File> {
    File::options().write(true).create_new(true).open(path)
}
