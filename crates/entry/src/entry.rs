//! `server.json`, read by the schema that it declares.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Where the schemas are published; a date and a file name follow.
const SCHEMAS: &str = "https://static.modelcontextprotocol.io/schemas/";
/// The schemas that we read, the oldest first.
const KNOWN: [&str; 6] =
    ["2025-07-09", "2025-09-16", "2025-09-29", "2025-10-11", "2025-10-17", "2025-12-11"];
/// The first one with `camelCase` names; those before have `snake_case` names.
const CAMEL_CASE: &str = "2025-09-16";
/// The first one in which packages other than those of npm, PyPI and NuGet have no version of their own.
const VERSION_WITHIN: &str = "2025-10-11";
/// Names that were otherwise before they were in `camelCase`.
const SNAKE_CASE: [(&str, &str); 12] = [
    ("registry_type", "registryType"),
    ("registry_base_url", "registryBaseUrl"),
    ("file_sha256", "fileSha256"),
    ("runtime_hint", "runtimeHint"),
    ("runtime_arguments", "runtimeArguments"),
    ("package_arguments", "packageArguments"),
    ("environment_variables", "environmentVariables"),
    ("is_required", "isRequired"),
    ("is_secret", "isSecret"),
    ("value_hint", "valueHint"),
    ("is_repeated", "isRepeated"),
    ("website_url", "websiteUrl"),
];

/// An entry of a registry.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The schema that it declares, by its date.
    #[serde(skip)]
    pub schema: String,
    /// Its name: a namespace and a name.
    pub name: String,
    /// The version of the server.
    pub version: String,
    /// Ways to run it here.
    #[serde(default)]
    pub packages: Vec<Package>,
    /// Where it runs already.
    #[serde(default)]
    pub remotes: Vec<Remote>,
}

/// A way to run a server.
#[expect(clippy::struct_field_names, reason = "the names of the schema")]
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    /// `npm`, `pypi`, `oci`, `nuget`, `mcpb`, or one that we do not know.
    pub registry_type: String,
    /// The registry, if it is not the usual one.
    #[serde(default)]
    pub registry_base_url: Option<String>,
    /// The package: a name, a reference of an image, or an address.
    pub identifier: String,
    /// Its version, where it is not within the identifier.
    #[serde(default)]
    pub version: Option<String>,
    /// The digest of its file, in hexadecimal digits.
    #[serde(default)]
    pub file_sha256: Option<String>,
    /// How it speaks.
    pub transport: Transport,
    #[serde(default)]
    pub(crate) runtime_arguments: Vec<Argument>,
    #[serde(default)]
    pub(crate) package_arguments: Vec<Argument>,
    #[serde(default)]
    pub(crate) environment_variables: Vec<Named>,
}

/// How a package speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub enum Transport {
    /// Over standard streams.
    Stdio,
    /// Over Streamable HTTP at an address.
    StreamableHttp {
        /// The address, with placeholders.
        url: String,
    },
    /// By the transport that the protocol has given up.
    Sse {
        /// The address.
        url: String,
    },
}

/// Where a server runs already.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Remote {
    /// `streamable-http` or `sse`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its address, with placeholders.
    pub url: String,
    #[serde(default)]
    pub(crate) headers: Vec<Named>,
    #[serde(default)]
    pub(crate) variables: Map<String, Value>,
}

/// Something that has a value, or needs one.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Input {
    #[serde(default)]
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) is_required: bool,
    #[serde(default)]
    pub(crate) is_secret: bool,
    #[serde(default)]
    pub(crate) value: Option<String>,
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) choices: Vec<String>,
    #[serde(default)]
    pub(crate) variables: Map<String, Value>,
}

/// A header field or an environment variable.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Named {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) input: Input,
}

/// An argument of a command line.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "type")]
pub(crate) enum Argument {
    /// A value at its place.
    #[serde(rename_all = "camelCase")]
    Positional {
        #[serde(default)]
        value_hint: Option<String>,
        #[serde(flatten)]
        input: Input,
    },
    /// A flag, and its value if it has one.
    Named {
        name: String,
        #[serde(flatten)]
        input: Input,
    },
}

/// Why a file is no entry that we can read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is no JSON, or not what its schema says.
    #[error("{0}")]
    Malformed(String),
    /// It declares no schema, or one that we do not read.
    #[error("it declares the schema `{found}`; those of {} are read", KNOWN.join(", "))]
    Schema {
        /// What it declares.
        found: String,
    },
}

impl Entry {
    /// Reads an entry by the schema that it declares.
    pub fn parse(text: &str) -> Result<Self, EntryError> {
        let malformed = |why: serde_json::Error| EntryError::Malformed(why.to_string());
        let mut value: Value = serde_json::from_str(text).map_err(malformed)?;
        // Lists of a registry wrap the entry, and add fields of their own beside it.
        if let Some(server) = value.get_mut("server").filter(|server| server.is_object()) {
            value = server.take();
        }
        let found = value.get("$schema").and_then(Value::as_str).unwrap_or_default().to_owned();
        let date =
            found.strip_prefix(SCHEMAS).and_then(|rest| rest.strip_suffix("/server.schema.json"));
        let Some(date) = date.and_then(|date| KNOWN.into_iter().find(|known| *known == date))
        else {
            return Err(EntryError::Schema { found });
        };
        if date < CAMEL_CASE {
            rename(&mut value);
        }
        let mut entry: Self = serde_json::from_value(value).map_err(malformed)?;
        date.clone_into(&mut entry.schema);
        entry.packages.iter().try_for_each(|package| entry.check(package))?;
        Ok(entry)
    }

    fn check(&self, package: &Package) -> Result<(), EntryError> {
        let malformed = |what: &str| {
            let (kind, id) = (&package.registry_type, &package.identifier);
            Err(EntryError::Malformed(format!("the {kind} package {id} {what}")))
        };
        let versioned = matches!(package.registry_type.as_str(), "npm" | "pypi" | "nuget")
            || self.schema.as_str() < VERSION_WITHIN;
        match package.version.as_deref() {
            None if versioned => malformed("has no version"),
            Some("latest") => malformed("has the version `latest`, which is none"),
            Some(version) if is_range(version) => malformed("has a range in place of a version"),
            _ if package.registry_type == "mcpb" && package.file_sha256.is_none() => {
                malformed("has no fileSha256, which archives need")
            }
            _ => Ok(()),
        }
    }
}

fn is_range(version: &str) -> bool {
    let last = version.rsplit('.').next().unwrap_or_default();
    version.starts_with(['^', '~', '>', '<', '=', '*']) || matches!(last, "x" | "X" | "*")
}

/// Names of the first schema as the later ones have them, wherever they are names of the schema.
fn rename(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (old, new) in SNAKE_CASE {
                if let Some(moved) = map.remove(old) {
                    map.insert(new.to_owned(), moved);
                }
            }
            // What stands under `variables` are names of the entry's own, but each is an input again.
            map.values_mut().for_each(rename);
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(date: &str, package: &str) -> Result<Entry, EntryError> {
        Entry::parse(&format!(
            r#"{{"$schema": "{SCHEMAS}{date}/server.schema.json", "name": "io.example/a", "version": "1.0.0",
                "packages": [{package}]}}"#
        ))
    }

    #[test]
    fn an_entry_is_read_by_the_schema_that_it_declares() {
        let old = r#"{"registry_type": "npm", "identifier": "a", "version": "1.0.0", "transport": {"type": "stdio"},
            "environment_variables": [{"name": "KEY", "is_secret": true, "is_required": true}]}"#;
        let read = entry("2025-07-09", old).expect("an entry");
        assert!(read.packages[0].environment_variables[0].input.is_secret);
        assert!(entry("2025-12-11", old).is_err(), "later schemas have other names");
    }

    #[test]
    fn a_schema_that_we_do_not_know_is_refused() {
        let error = Entry::parse("{}").expect_err("no schema").to_string();
        assert!(error.starts_with("it declares the schema ``; those of 2025-07-09, "), "{error}");
        assert!(matches!(entry("2031-01-01", ""), Err(EntryError::Schema { .. })));
    }

    #[test]
    fn a_version_is_one_version() {
        let with = |version: &str| {
            let package =
                r#"{"registryType": "npm", "identifier": "a", "transport": {"type": "stdio"}"#;
            entry("2025-12-11", &format!("{package}{version}}}")).map(|_| ())
        };
        assert_eq!(with(r#", "version": "1.2.3-rc.1""#), Ok(()));
        for wrong in
            ["", r#", "version": "latest""#, r#", "version": "^1.2.3""#, r#", "version": "1.x""#]
        {
            assert!(with(wrong).is_err(), "{wrong}");
        }
        let image = r#"{"registryType": "oci", "identifier": "ghcr.io/a/b:1", "transport": {"type": "stdio"}}"#;
        assert!(entry("2025-12-11", image).is_ok() && entry("2025-09-29", image).is_err());
    }
}
