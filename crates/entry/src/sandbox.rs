//! Confinement: a stranger's package is fetched with network and without running any of it, and runs without network,
//! with Plumb itself beside it, so that loopback, replicas and kills work as they always do.
//!
//! Everything here makes argument vectors; nothing is started.

use std::path::{Path, PathBuf};

use crate::plan::Fetch;

/// Where things stand inside: the binary, what was fetched, and the one folder that leaves.
pub const PLUMB: &str = "/plumb";
/// What was fetched.
pub const FETCHED: &str = "/fetched";
/// Images with the programs that packages of npm and PyPI need, and those that bring their own.
pub const NODE: &str = "node:22-slim";
/// See [`NODE`].
pub const PYTHON: &str = "python:3-slim";
/// See [`NODE`].
pub const BARE: &str = "debian:stable-slim";
/// The one folder that leaves.
pub const OUT: &str = "/out";

/// What confines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Containers without a daemon.
    Podman,
    /// Containers.
    Docker,
    /// Namespaces alone, with the programs of this machine read-only.
    Bubblewrap,
}

/// How much a run may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Memory, as the engine writes it.
    pub memory: String,
    /// Processors.
    pub cpus: String,
    /// Processes.
    pub pids: u32,
    /// Another runtime of containers, such as `runsc`.
    pub runtime: Option<String>,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { memory: "1g".to_owned(), cpus: "2".to_owned(), pids: 512, runtime: None }
    }
}

/// Folders of this machine that a run sees.
#[derive(Clone, Copy, Debug)]
pub struct Folders<'a> {
    /// The binary of Plumb; in a container it has to be a static one.
    pub plumb: &'a Path,
    /// What was fetched, read-only.
    pub fetched: &'a Path,
    /// Where results leave.
    pub out: &'a Path,
}

/// A container, where the engine has images.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The image that the programs of a package are taken from.
    pub image: &'a str,
    /// Where Plumb, and the server with it, is started.
    pub folder: &'a str,
    /// Its name, by which it can be removed whatever happens.
    pub name: &'a str,
}

impl Engine {
    /// All of them, the one that confines most first.
    pub const ALL: [Self; 3] = [Self::Podman, Self::Docker, Self::Bubblewrap];

    /// Its program.
    pub fn program(self) -> &'static str {
        match self {
            Self::Podman => "podman",
            Self::Docker => "docker",
            Self::Bubblewrap => "bwrap",
        }
    }

    /// The engine of a name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|engine| engine.program() == name)
    }

    /// Whether its images bring their own programs.
    pub fn has_images(self) -> bool {
        self != Self::Bubblewrap
    }

    /// What is said of a run in its bundle: the engine and what it was told, without folders of this machine.
    pub fn told(self, bounds: &Bounds) -> String {
        let flags = match self {
            Self::Bubblewrap => ISOLATION.join(" "),
            Self::Podman | Self::Docker => container_flags(bounds).join(" "),
        };
        format!("{} {flags}", self.program())
    }
}

/// Nothing is shared with the machine: no network, no processes, no users of it.
const ISOLATION: [&str; 6] =
    ["--unshare-all", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"];

fn container_flags(bounds: &Bounds) -> Vec<String> {
    let mut flags: Vec<String> = [
        "--network=none",
        "--read-only",
        "--cap-drop=all",
        "--security-opt=no-new-privileges",
        "--tmpfs=/tmp:rw,size=256m",
    ]
    .map(str::to_owned)
    .into();
    flags.push(format!("--pids-limit={}", bounds.pids));
    flags.push(format!("--memory={}", bounds.memory));
    flags.push(format!("--cpus={}", bounds.cpus));
    flags.extend(bounds.runtime.iter().map(|runtime| format!("--runtime={runtime}")));
    flags
}

/// What fetches a package into a folder, with network: nothing of the package is run, and every digest is recorded by the
/// package manager. `image` is what holds the package manager, where the engine has images.
pub fn fetching(engine: Engine, fetch: &Fetch, folder: &Path) -> Option<Vec<String>> {
    let (image, command): (&str, Vec<&str>) = match fetch {
        Fetch::Npm(id) => (
            NODE,
            vec![
                "npm",
                "install",
                "--prefix",
                FETCHED,
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                id,
            ],
        ),
        Fetch::Pypi(id) => {
            let report = "/fetched/report.json";
            let only = [
                "--only-binary",
                ":all:",
                "--no-compile",
                "--disable-pip-version-check",
                "--quiet",
            ];
            let mut command = vec!["python3", "-m", "pip", "install", "--target", "/fetched/site"];
            command.extend(only);
            command.extend(["--report", report, id]);
            (PYTHON, command)
        }
        // Images come by their engine, and archives by their digest; see docs/certify.md for NuGet.
        Fetch::Image(_) | Fetch::Nuget(_) | Fetch::Archive { .. } => return None,
    };
    let mut all = match engine {
        Engine::Bubblewrap => {
            let mut all =
                vec!["bwrap".to_owned(), "--unshare-all".to_owned(), "--share-net".to_owned()];
            all.extend(
                ["--die-with-parent", "--new-session", "--cap-drop", "ALL"].map(str::to_owned),
            );
            all.extend(programs());
            all.extend(
                ["--tmpfs", "/tmp", "--setenv", "HOME", "/tmp", "--bind"].map(str::to_owned),
            );
            all.extend([folder.display().to_string(), FETCHED.to_owned(), "--".to_owned()]);
            all
        }
        Engine::Podman | Engine::Docker => {
            let mut all = vec![engine.program().to_owned(), "run".to_owned(), "--rm".to_owned()];
            let hard = ["--cap-drop=all", "--security-opt=no-new-privileges", "--env=HOME=/tmp"];
            all.extend(hard.map(str::to_owned));
            all.push(format!("--volume={}:{FETCHED}", folder.display()));
            all.push(image.to_owned());
            all
        }
    };
    all.extend(command.into_iter().map(str::to_owned));
    Some(all)
}

/// What runs Plumb on what was fetched, without network.
pub fn running(
    engine: Engine,
    bounds: &Bounds,
    folders: Folders<'_>,
    container: Container<'_>,
) -> Vec<String> {
    let Container { image, folder, name } = container;
    let shown = |path: &Path| path.display().to_string();
    let mut all = vec![engine.program().to_owned()];
    if engine == Engine::Bubblewrap {
        all.extend(ISOLATION.map(str::to_owned));
        all.extend(programs());
        let env = ["--setenv", "PATH", "/usr/local/bin:/usr/bin:/bin", "--setenv", "HOME", "/tmp"];
        all.extend(env.map(str::to_owned));
        all.extend(["--tmpfs", "/tmp"].map(str::to_owned));
        all.extend(["--ro-bind".to_owned(), shown(folders.plumb), PLUMB.to_owned()]);
        all.extend(["--ro-bind".to_owned(), shown(folders.fetched), FETCHED.to_owned()]);
        all.extend(["--bind".to_owned(), shown(folders.out), OUT.to_owned()]);
        all.extend(["--chdir", OUT, "--", PLUMB].map(str::to_owned));
        return all;
    }
    all.extend(["run", "--rm", "--init"].map(str::to_owned));
    all.push(format!("--name={name}"));
    all.extend(container_flags(bounds));
    all.push(format!("--volume={}:{PLUMB}:ro", shown(folders.plumb)));
    all.push(format!("--volume={}:{FETCHED}:ro", shown(folders.fetched)));
    all.push(format!("--volume={}:{OUT}", shown(folders.out)));
    all.extend([format!("--workdir={folder}"), "--env=HOME=/tmp".to_owned()]);
    all.extend([format!("--entrypoint={PLUMB}"), image.to_owned()]);
    all
}

/// The programs of this machine, read-only, and nothing of anybody who works on it.
fn programs() -> Vec<String> {
    let mut all = Vec::new();
    for folder in [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/etc/alternatives",
        "/etc/ssl",
        "/etc/ld.so.cache",
    ] {
        all.extend(["--ro-bind-try".to_owned(), folder.to_owned(), folder.to_owned()]);
    }
    // Names are only looked up while something is fetched; without network these files lead nowhere.
    for file in
        ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/npmrc", "/etc/pip.conf"]
    {
        all.extend(["--ro-bind-try".to_owned(), file.to_owned(), file.to_owned()]);
    }
    all.extend(["--proc", "/proc", "--dev", "/dev"].map(str::to_owned));
    all
}

/// What starts a fetched package inside, and what identifies it: read from what the package manager wrote.
pub fn entry_point(fetch: &Fetch, folder: &Path) -> Result<(Vec<String>, Option<String>), String> {
    match fetch {
        Fetch::Npm(id) => npm(id, folder),
        Fetch::Pypi(id) => pypi(id, folder),
        Fetch::Image(_) | Fetch::Nuget(_) | Fetch::Archive { .. } => {
            Err("such a package is not started from a folder".to_owned())
        }
    }
}

fn npm(id: &str, folder: &Path) -> Result<(Vec<String>, Option<String>), String> {
    let name = id.rsplit_once('@').map_or(id, |(name, _)| name);
    let place = format!("node_modules/{name}");
    let package = json(&folder.join(&place).join("package.json"))?;
    let bare = name.rsplit('/').next().unwrap_or(name);
    let bin = match &package["bin"] {
        serde_json::Value::String(path) => Some(path.as_str()),
        serde_json::Value::Object(all) if all.len() == 1 => {
            all.values().next().and_then(|v| v.as_str())
        }
        serde_json::Value::Object(all) => all.get(bare).and_then(|v| v.as_str()),
        _ => None,
    };
    let bin = bin
        .filter(|path| is_within(path))
        .ok_or_else(|| format!("{id} has no command of its name"))?;
    let lock = json(&folder.join("package-lock.json"))?;
    let integrity = lock["packages"][&place]["integrity"].as_str().map(str::to_owned);
    let path = format!("{FETCHED}/{place}/{}", bin.trim_start_matches("./"));
    Ok((vec!["node".to_owned(), path], integrity))
}

fn pypi(id: &str, folder: &Path) -> Result<(Vec<String>, Option<String>), String> {
    let name = id.split_once("==").map_or(id, |(name, _)| name);
    let normal = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    let scripts = folder.join("site/bin");
    let mut found: Vec<String> = std::fs::read_dir(&scripts)
        .map_err(|_| format!("{id} has no command"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    let own = found.iter().find(|script| normal(script) == normal(name));
    let script = own.ok_or_else(|| format!("{id} has no command of its name"))?;
    let report = json(&folder.join("report.json"))?;
    let installed = report["install"].as_array().into_iter().flatten();
    let one = installed.into_iter().find(|one| {
        one["metadata"]["name"].as_str().is_some_and(|found| normal(found) == normal(name))
    });
    let digest =
        one.and_then(|one| one["download_info"]["archive_info"]["hashes"]["sha256"].as_str());
    let argv = ["env", "PYTHONPATH=/fetched/site", "python3"].map(str::to_owned);
    let argv = argv.into_iter().chain([format!("{FETCHED}/site/bin/{script}")]).collect();
    Ok((argv, digest.map(|digest| format!("sha256:{digest}"))))
}

/// Whether a path of a package stays in it.
fn is_within(path: &str) -> bool {
    let path = PathBuf::from(path);
    let inner = |part: std::path::Component<'_>| {
        matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir)
    };
    path.components().all(inner)
}

fn json(path: &Path) -> Result<serde_json::Value, String> {
    let told = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = std::fs::read_to_string(path).map_err(|why| told(&why))?;
    serde_json::from_str(&text).map_err(|why| told(&why))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTAINER: Container<'static> =
        Container { image: "i@sha256:0", folder: OUT, name: "plumb-1" };

    #[test]
    fn a_run_has_no_network_and_no_folder_but_its_own() {
        let folders = Folders { plumb: "/p".as_ref(), fetched: "/f".as_ref(), out: "/o".as_ref() };
        for engine in [Engine::Podman, Engine::Docker] {
            let all = running(engine, &Bounds::default(), folders, CONTAINER);
            for flag in [
                "--network=none",
                "--read-only",
                "--cap-drop=all",
                "--security-opt=no-new-privileges",
                "--rm",
            ] {
                assert!(all.iter().any(|one| one == flag), "{flag}: {all:?}");
            }
            let writable =
                all.iter().filter(|one| one.starts_with("--volume") && !one.ends_with(":ro"));
            assert_eq!(writable.collect::<Vec<_>>(), ["--volume=/o:/out"]);
        }
        let all = running(Engine::Bubblewrap, &Bounds::default(), folders, CONTAINER);
        assert!(
            all.contains(&"--unshare-all".to_owned()) && !all.contains(&"--share-net".to_owned())
        );
        let at = all.iter().position(|one| one == "--bind").expect("one folder");
        assert_eq!(all[at + 1..at + 3], ["/o", "/out"]);
        assert_eq!(all.iter().filter(|one| *one == "--bind").count(), 1);
    }

    #[test]
    fn what_is_fetched_runs_none_of_its_scripts() {
        let folder = Path::new("/f");
        let npm =
            fetching(Engine::Bubblewrap, &Fetch::Npm("a@1".into()), folder).expect("a command");
        assert!(
            npm.contains(&"--ignore-scripts".to_owned()) && npm.contains(&"--share-net".to_owned())
        );
        let pypi =
            fetching(Engine::Docker, &Fetch::Pypi("a==1".into()), folder).expect("a command");
        assert!(pypi.windows(2).any(|two| two == ["--only-binary", ":all:"]));
        assert_eq!(fetching(Engine::Podman, &Fetch::Image("a:1".into()), folder), None);
    }

    #[test]
    fn a_command_outside_its_package_is_none() {
        assert!(is_within("./dist/index.js") && is_within("a.js"));
        assert!(!is_within("../../x") && !is_within("/bin/sh"));
    }
}
