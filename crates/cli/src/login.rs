//! `--login`: signing in at the authorization server that a target trusts.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use plumb_model::Secrets;
use plumb_report::text::{inert, visible_line};
use plumb_runner::{Login, SignIn, SignedIn, Token};

use crate::args::RunArgs;
use crate::reported::UNREACHED;
use crate::say::tell;
use crate::{Failure, config, output};

/// Signs in, by the tokens of a file if they are still good for that.
pub(crate) async fn sign_in(args: &RunArgs, secrets: &Secrets) -> Result<Login, Failure> {
    let url = args.target.url.clone().unwrap_or_default();
    let authorities = args.target.ca.iter().map(|path| {
        std::fs::read(path).with_context(|| format!("{} could not be read", path.display()))
    });
    let sign_in = SignIn {
        url: url.clone(),
        scopes: args.auth.scope.clone(),
        client_id: args.login.login_client.clone(),
        client_secret: args.issuer.client_secret.clone(),
        other_resource: args.login.other_resource.clone(),
        port: args.login.login_port,
        authorities: authorities.collect::<anyhow::Result<_>>()?,
        patience: Duration::from_secs(args.login.login_wait),
    };
    if let Some(secret) = &sign_in.client_secret {
        secrets.add_named("client_secret", secret.as_bytes());
    }
    let kept = args.login.login_file.as_deref();
    let again = match kept.filter(|path| path.is_file()).map(|path| read(path, secrets)) {
        // What is kept may be of yesterday: then somebody has to sign in.
        Some(before) => sign_in.refreshed(&before?, secrets).await.ok(),
        None => None,
    };
    let mut signed_in = if let Some(signed_in) = again {
        signed_in
    } else {
        let browser = args.login.browser.as_deref();
        let signed_in = sign_in.sign_in(secrets, |address| open(browser, address)).await;
        signed_in.map_err(|error| {
            Failure::new(UNREACHED, anyhow::Error::new(error).context("--login"))
        })?
    };
    let for_another = for_another(&sign_in, &mut signed_in, secrets).await?;
    if let Some(path) = kept {
        keep(path, &signed_in).map_err(|error| Failure::new(output::UNWRITTEN, error))?;
    }
    tell!("{}", inert(&visible_line(&format!("signed in at {}", signed_in.issuer))));
    Ok(Login { signed_in, for_another })
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
fn open(browser: Option<&str>, address: &str) {
    let words: Vec<&str> = browser.unwrap_or_default().split_whitespace().collect();
    let opened = words.split_first().map(|(program, rest)| {
        let mut arguments: Vec<String> =
            rest.iter().map(|word| word.replace("{url}", address)).collect();
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
            tell!("{}", inert(&visible_line(&format!("--browser {why}; open {address}"))));
        }
        None => tell!("{}", inert(&visible_line(&format!("to sign in, open {address}")))),
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
