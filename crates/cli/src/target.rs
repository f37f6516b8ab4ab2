//! The target, as the command line names it.

use anyhow::{Context as _, bail};
use plumb_model::Header;
use plumb_runner::{Reach, Target};
use plumb_wire::limits::{INSTRUCTIONS, read_file};
use plumb_wire::process::Launch;

use crate::args::TargetArgs;
use crate::secrets::{Collector, ordinal, pair};
use crate::{Failure, hints, serve};

/// Where a command serves, unless an address says so.
const HERE: &str = "127.0.0.1";

/// The target; what must not be shown of it is collected. The embedded reference is protected if tokens are to be judged.
pub(crate) fn target(
    args: &TargetArgs,
    protected: bool,
    collector: &mut Collector<'_>,
) -> Result<Target, Failure> {
    // First of all, since an error may tell what is wrong with the rest.
    collector.given(&args.secret)?;
    args.url.iter().chain(&args.proxy).for_each(|url| collector.url(url));
    way(args)?;
    let headers = headers(args, collector)?;
    let reach = |url: String| Reach {
        url,
        headers: headers.clone(),
        ca_files: args.ca.clone(),
        proxy: args.proxy.clone(),
    };
    match (&args.url, args.server.as_slice()) {
        (Some(url), []) => {
            address(url)?;
            Ok(Target::Url(reach(url.clone())))
        }
        (url, [program, rest @ ..]) => {
            let env = env(&args.env)?;
            let port =
                rest.iter().chain(env.iter().map(|(_, v)| v)).any(|text| text.contains("{port}"));
            let launch =
                Launch { program: program.clone(), args: rest.to_vec(), env, ..Launch::default() };
            collector.command(&launch);
            let values = launch.env.iter().map(|(_, value)| value);
            collector.notes.extend(hints::placeholders(launch.args.iter().chain(values)));
            let usual = || format!("http://{HERE}:{{port}}/{}", args.path.trim_start_matches('/'));
            match (url, port) {
                (Some(url), port) => {
                    served(url, port)?;
                    Ok(Target::HttpCommand { launch, reach: reach(url.clone()) })
                }
                (None, true) => Ok(Target::HttpCommand { launch, reach: reach(usual()) }),
                (None, false) => Ok(Target::Stdio(launch)),
            }
        }
        (None, []) => {
            // The reference is this very program, started as any other server would be.
            let launch = serve::launch(args.mutant.as_deref(), protected)?;
            let url = format!("http://{HERE}:{{port}}/mcp");
            Ok(Target::HttpCommand { launch, reach: reach(url) })
        }
    }
}

/// That what leads to a target can be used: the address of a proxy, which may hold a password, and files of certificates.
fn way(args: &TargetArgs) -> anyhow::Result<()> {
    if let Some(Err(why)) = args.proxy.as_deref().map(url::Url::parse) {
        bail!("--proxy is no address: {why}; give one such as `http://127.0.0.1:3128`");
    }
    for path in &args.ca {
        let shown = path.display();
        let bytes = read_file(path, INSTRUCTIONS);
        let bytes = bytes.with_context(|| format!("--ca: {shown} could not be read"))?;
        let begins = b"-----BEGIN CERTIFICATE-----";
        // One that is no text is a certificate by itself, and is read where it is used.
        let is_text = bytes.first() != Some(&0x30);
        if is_text && !bytes.windows(begins.len()).any(|window| window == begins) {
            bail!("--ca: {shown} holds no certificate (PEM)");
        }
    }
    Ok(())
}

/// That an address is one that can be reached, with a remedy if only its scheme is missing.
fn address(url: &str) -> anyhow::Result<()> {
    let parsed = url::Url::parse(url);
    if let Ok(parsed) = parsed.as_ref()
        && matches!(parsed.scheme(), "http" | "https")
    {
        if !parsed.username().is_empty() || parsed.password().is_some() {
            bail!("the address holds credentials: give them with -H 'Authorization: Basic …'");
        }
        return Ok(());
    }
    let local = ["localhost", "127.", "[::1]", "0.0.0.0"].iter().any(|l| url.starts_with(l));
    let whole = format!("{}://{url}", if local { "http" } else { "https" });
    let host = url.split(['/', '?', '#']).next().unwrap_or_default();
    let looks_like_a_host = local || host.contains('.') || host.contains(':');
    if !url.contains("://") && looks_like_a_host && url::Url::parse(&whole).is_ok() {
        bail!("`{url}` lacks its scheme: is it `{whole}`? A command goes after `--`");
    }
    match parsed {
        Ok(_) => bail!("`{url}` is no http or https address; a command goes after `--`"),
        Err(why) => bail!("`{url}` is no address: {why}; a command goes after `--`"),
    }
}

/// That an address is one at which a command can be found that we start.
fn served(url: &str, port: bool) -> anyhow::Result<()> {
    if !url.contains("{port}") {
        bail!(
            "give an address or a command; where a command serves at another address than \
             http://{HERE}:{{port}}/mcp, write `{{port}}` into the address, such as http://localhost:{{port}}/mcp"
        );
    }
    if !port {
        bail!("the command is not told its port: write `{{port}}` into an argument, or into --env");
    }
    // Any port stands for the one that will be free.
    let whole = url.replace("{port}", "1");
    address(&whole)?;
    let parsed = url::Url::parse(&whole).context("the address")?;
    let here = match parsed.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if !here || parsed.port() != Some(1) {
        bail!(
            "`{url}` is no address of a command that is started here, such as http://localhost:{{port}}/mcp"
        );
    }
    Ok(())
}

/// The header fields of every request.
fn headers(args: &TargetArgs, collector: &mut Collector<'_>) -> anyhow::Result<Vec<Header>> {
    let mut headers = Vec::new();
    for (n, field) in args.header.iter().enumerate() {
        let (name, value) = pair("--header", n, field, ':', "Name: value")?;
        let name = name.trim();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token) {
            bail!("--header (the {}): its name is not that of a header field", ordinal(n));
        }
        collector.header(name, value.trim());
        let value = fit(&format!("--header {name}"), value, collector)?;
        headers.push(Header::new(name, value));
    }
    if let Some(token) = &args.bearer {
        collector.said("--bearer", "token", token);
        let token = fit("--bearer", token, collector)?;
        headers.push(Header::new("Authorization", format!("Bearer {token}")));
    }
    Ok(headers)
}

/// A header field's value as it can be sent: line breaks at its end, as a file of a mounted secret has, are trimmed.
fn fit(option: &str, value: &str, collector: &mut Collector<'_>) -> anyhow::Result<String> {
    let bare = value.trim_end_matches(['\r', '\n']);
    if bare.len() < value.len() {
        collector
            .notes
            .push(format!("{option}: the line break at the end of the value is left out"));
    }
    if let Some(control) = bare.chars().find(|c| c.is_control() && *c != '\t') {
        let code = u32::from(control);
        bail!(
            "{option}: the value holds a control character (U+{code:04X}), which no header field can carry"
        );
    }
    Ok(bare.trim().to_owned())
}

/// The environment variables for a command.
pub(crate) fn env(given: &[String]) -> anyhow::Result<Vec<(String, String)>> {
    let pairs = given.iter().enumerate().map(|(n, given)| {
        let (name, value) = pair("--env", n, given, '=', "NAME=VALUE")?;
        if name.is_empty() || given.contains('\0') {
            bail!("--env (the {}) has no name, or holds a null character", ordinal(n));
        }
        Ok((name.to_owned(), value.to_owned()))
    });
    pairs.collect()
}
