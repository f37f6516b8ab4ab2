//! What an entry comes to: what is fetched, and what is then started or asked.

use crate::answers::{Answers, Question};
use crate::entry::{Entry, Package, Remote, Transport};
use crate::fill::Filling;
use crate::named;

/// What an entry comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The package, as a package URL; the address of what runs elsewhere.
    pub package: String,
    /// How the server is reached.
    pub way: Way,
    /// Values that must not be shown, by name.
    pub secrets: Vec<(String, String)>,
}

/// How a server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// At an address.
    Remote {
        /// The address.
        url: String,
        /// Header fields of every request.
        headers: Vec<(String, String)>,
    },
    /// As a command.
    Command {
        /// What brings it here, with network.
        fetch: Fetch,
        /// Where it listens, if it speaks over HTTP: `{port}` stands for the port.
        url: Option<String>,
        /// The arguments after the program, once it is fetched.
        arguments: Vec<String>,
        /// Its environment.
        env: Vec<(String, String)>,
    },
}

/// What is brought here before anything is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// A package of npm, `name@version`; what it depends on comes along, and no script of any of them is run.
    Npm(String),
    /// A package of PyPI, `name==version`.
    Pypi(String),
    /// An image by its reference.
    Image(String),
    /// A tool of NuGet, `name@version`.
    Nuget(String),
    /// An archive at an address, with the SHA-256 that it must have.
    Archive {
        /// Its address.
        url: String,
        /// Its digest in hexadecimal digits.
        sha256: String,
    },
}

/// Why an entry comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Required inputs have neither value nor default, and nobody answered.
    #[error("needs answers: {}", .0.iter().map(|q| q.name.as_str()).collect::<Vec<_>>().join(", "))]
    NeedsAnswers(Vec<Question>),
    /// It has nothing that we can run or reach.
    #[error("it has no package and no remote that can be judged: {0}")]
    Nothing(String),
}

/// The plan for the first package that can be run, or else for the first remote. `remote` asks for a remote alone.
pub fn plan(entry: &Entry, answers: &Answers, remote: bool) -> Result<Plan, PlanError> {
    let mut why = Vec::new();
    let packages = if remote { &[] } else { entry.packages.as_slice() };
    for package in packages {
        match fetch(package) {
            Ok((fetch, purl)) => return local(package, fetch, purl, answers),
            Err(told) => why.push(told),
        }
    }
    for remote in &entry.remotes {
        if remote.kind == "streamable-http" {
            return away(remote, answers);
        }
        why.push(format!(
            "{} speaks {}, which this revision does not have",
            remote.url, remote.kind
        ));
    }
    let told = if why.is_empty() { "it lists none".to_owned() } else { why.join("; ") };
    Err(PlanError::Nothing(told))
}

fn local(
    package: &Package,
    fetch: Fetch,
    purl: String,
    answers: &Answers,
) -> Result<Plan, PlanError> {
    let mut filling = Filling::new(answers);
    // Arguments of a runtime are for whoever starts a package as npx and docker do; we start what was fetched ourselves,
    // and take of them only what they ask of the user, and what docker is to put into the environment.
    let runtime = filling.arguments(&package.runtime_arguments);
    let mut arguments = filling.arguments(&package.package_arguments);
    let mut env = filling.named(&package.environment_variables);
    if let Fetch::Image(reference) = &fetch {
        env.extend(of_docker(reference, &runtime)?);
    }
    let url = match &package.transport {
        Transport::StreamableHttp { url } => {
            let url = filling.template(url, &serde_json::Map::new());
            let url = on_any_port(&url, &mut arguments, &mut env);
            if !url.contains("{port}") && filling.questions.is_empty() {
                let id = &package.identifier;
                return Err(PlanError::Nothing(format!(
                    "{id} listens at {url}, and nothing in the entry tells it another port"
                )));
            }
            Some(url)
        }
        Transport::Stdio | Transport::Sse { .. } => None,
    };
    let way = Way::Command { fetch, url, arguments, env };
    finish(filling, purl, way)
}

/// What arguments of `docker run` put into the environment of a container. Those that ask for folders of this machine are
/// refused; where it listens and how it is called are nothing to us.
fn of_docker(reference: &str, arguments: &[String]) -> Result<Vec<(String, String)>, PlanError> {
    let mut env = Vec::new();
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let (name, joined) =
            argument.split_once('=').map_or((argument.as_str(), None), |(n, v)| (n, Some(v)));
        match name {
            "-e" | "--env" => {
                let pair = joined.or_else(|| rest.next().map(String::as_str)).unwrap_or_default();
                env.extend(pair.split_once('=').map(|(n, v)| (n.to_owned(), v.to_owned())));
            }
            "-v" | "--volume" | "--mount" | "--device" | "--privileged" => {
                return Err(PlanError::Nothing(format!(
                    "{reference} asks for {argument}: a sandbox gives it nothing of this machine"
                )));
            }
            _ => {}
        }
    }
    Ok(env)
}

fn away(remote: &Remote, answers: &Answers) -> Result<Plan, PlanError> {
    let mut filling = Filling::new(answers);
    let url = filling.template(&remote.url, &remote.variables);
    let headers = filling.named(&remote.headers);
    finish(filling, url.clone(), Way::Remote { url, headers })
}

fn finish(filling: Filling<'_>, package: String, way: Way) -> Result<Plan, PlanError> {
    if !filling.questions.is_empty() {
        let mut questions = filling.questions;
        questions.dedup_by(|a, b| a.name == b.name);
        return Err(PlanError::NeedsAnswers(questions));
    }
    Ok(Plan { package, way, secrets: filling.secrets })
}

/// A port that the entry fixes, wherever it is told, as one that a run chooses.
fn on_any_port(url: &str, arguments: &mut [String], env: &mut [(String, String)]) -> String {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = after.split(['/', '?']).next().unwrap_or_default();
    let Some((_, port)) = host.rsplit_once(':') else { return url.to_owned() };
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return url.to_owned();
    }
    let texts = arguments.iter_mut().chain(env.iter_mut().map(|(_, value)| value));
    let mut told = false;
    for text in texts.filter(|text| text.as_str() == port) {
        "{port}".clone_into(text);
        told = true;
    }
    // A server that is not told its port listens where it always does.
    if told { url.replacen(&format!(":{port}"), ":{port}", 1) } else { url.to_owned() }
}

fn fetch(package: &Package) -> Result<(Fetch, String), String> {
    let (id, version) = (&package.identifier, package.version.as_deref().unwrap_or_default());
    if let Transport::Sse { .. } = package.transport {
        return Err(format!("{id} speaks sse, which this revision does not have"));
    }
    named::check(package)?;
    let purl = |kind: &str| format!("pkg:{kind}/{}@{version}", id.replace('@', "%40"));
    Ok(match package.registry_type.as_str() {
        "npm" => (Fetch::Npm(format!("{id}@{version}")), purl("npm")),
        "pypi" => (Fetch::Pypi(format!("{id}=={version}")), purl("pypi")),
        "nuget" => (Fetch::Nuget(format!("{id}@{version}")), purl("nuget")),
        "oci" => {
            let reference = named::reference(package);
            let purl = format!("pkg:oci/{reference}");
            (Fetch::Image(reference), purl)
        }
        "mcpb" => {
            let sha256 = package.file_sha256.clone().unwrap_or_default();
            (Fetch::Archive { url: id.clone(), sha256 }, format!("pkg:generic/{id}"))
        }
        other => return Err(format!("{id} is of the registry {other}, which we do not know")),
    })
}

#[cfg(test)]
mod tests;
