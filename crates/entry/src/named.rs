//! What packages are called. Clients of registries take far more than names: addresses, folders, repositories, and other packages
//! in place of the one that is named.

use crate::entry::Package;

/// The hosts of the registries whose packages are asked for by name alone.
const USUAL: [(&str, &str); 3] =
    [("npm", "registry.npmjs.org"), ("pypi", "pypi.org"), ("nuget", "api.nuget.org")];

/// Whether a package is called as its registry calls packages, and is in the registry that is asked; else why not.
pub(crate) fn check(package: &Package) -> Result<(), String> {
    let (kind, id) = (package.registry_type.as_str(), package.identifier.as_str());
    let version = package.version.as_deref().unwrap_or_default();
    let named = match kind {
        "npm" => is_scoped(id) && is_version(version),
        "pypi" | "nuget" => is_word(id) && is_version(version),
        _ => is_argument(id) && (version.is_empty() || is_argument(version)),
    };
    if !named {
        return Err(format!("{id:?} in the version {version:?} is no name of a package"));
    }
    let usual = USUAL.iter().find(|(of, _)| *of == kind);
    match (usual, package.registry_base_url.as_deref()) {
        (Some((_, usual)), Some(base)) if host(base) != *usual => {
            Err(format!("{id} is in the registry {base}, and only {usual} is asked"))
        }
        _ => Ok(()),
    }
}

/// The reference of an image: the registry that the entry names stands before it, unless it is there already.
pub(crate) fn reference(package: &Package) -> String {
    let (id, version) = (&package.identifier, package.version.as_deref().unwrap_or_default());
    let first = id.split_once('/').map_or("", |(first, _)| first);
    let is_whole = first.contains(['.', ':']) || first == "localhost";
    let registry = package.registry_base_url.as_deref().filter(|_| !is_whole).map(host);
    let registry = registry.map(|host| format!("{host}/")).unwrap_or_default();
    let has_version = id.rsplit('/').next().is_some_and(|last| last.contains([':', '@']));
    let version =
        if has_version || version.is_empty() { String::new() } else { format!(":{version}") };
    format!("{registry}{id}{version}")
}

fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// A name of npm, with its scope if it has one.
fn is_scoped(name: &str) -> bool {
    match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(s, n)| is_word(s) && is_word(n)),
        None => is_word(name),
    }
}

fn is_word(text: &str) -> bool {
    let within = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '~'))
        && text.bytes().all(within)
}

/// One version, and neither another package nor an address in its place.
fn is_version(text: &str) -> bool {
    let within = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'!' | b'_');
    let numbered = text.strip_prefix('v').unwrap_or(text);
    numbered.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(within)
}

/// What no program takes for an option or for several arguments.
fn is_argument(text: &str) -> bool {
    !text.is_empty() && !text.starts_with('-') && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(kind: &str, id: &str, version: &str, base: Option<&str>) -> Package {
        let value = serde_json::json!({
            "registryType": kind, "identifier": id, "version": version, "registryBaseUrl": base,
            "transport": {"type": "stdio"},
        });
        serde_json::from_value(value).expect("a package")
    }

    #[test]
    fn a_name_is_a_name_and_neither_an_address_nor_another_package() {
        let checked = |kind, id, version| check(&package(kind, id, version, None)).is_ok();
        assert!(checked("npm", "@a-b/c.d", "1.0.0-rc.1+x") && checked("npm", "a_b", "0.1.0"));
        assert!(checked("pypi", "a.B-c_1", "1!2.0.post1") && checked("nuget", "A.B", "1.2.3.4"));
        for wrong in
            ["--evil", "./a", "https://a.example/a.tgz", "git+ssh://a/b", "a/b", "@a", "a@b", ""]
        {
            assert!(!checked("npm", wrong, "1.0.0"), "{wrong}");
            assert!(!checked("pypi", wrong, "1.0.0"), "{wrong}");
        }
        for wrong in [
            "npm:b@1.0.0",
            "file:../b",
            "https://a.example/a.tgz",
            "1.0.0;b",
            "next",
            "1 || 2",
            "-r",
        ] {
            assert!(!checked("npm", "a", wrong), "{wrong}");
            assert!(!checked("pypi", "a", wrong), "{wrong}");
        }
    }

    #[test]
    fn a_package_of_another_registry_is_not_asked_of_the_usual_one() {
        let from = |base| check(&package("npm", "a", "1.0.0", Some(base)));
        assert_eq!(from("https://registry.npmjs.org"), Ok(()));
        let told = from("https://npm.example/registry.npmjs.org").expect_err("another registry");
        assert!(told.contains("is in the registry https://npm.example/"), "{told}");
    }

    #[test]
    fn an_image_is_named_with_its_registry_and_its_version() {
        let named = |id, version, base| reference(&package("oci", id, version, base));
        assert_eq!(named("a/b", "1", Some("https://ghcr.io")), "ghcr.io/a/b:1");
        assert_eq!(named("ghcr.io/a/b:2", "1", Some("https://ghcr.io")), "ghcr.io/a/b:2");
        assert_eq!(named("a/b", "", None), "a/b");
    }
}
