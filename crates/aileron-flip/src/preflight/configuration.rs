//! Checks of what is installed and configured.

use super::check::Check;
use super::fact::{Fact, OptionFact};

/// The class of object storage.
const BACKEND: &str = "airflow.providers.common.io.xcom.backend.XComObjectStorageBackend";

/// The first release of the provider with the backend.
const FIRST_PROVIDER: [u32; 2] = [1, 3];

pub(super) fn airflow(facts: &[Fact]) -> Check {
    const NAME: &str = "airflow";
    let python = facts.iter().find_map(|fact| match fact {
        Fact::Python {
            version,
            executable,
        } => Some(format!("Python {version}, {executable}")),
        _ => None,
    });
    let python = python.unwrap_or_default();
    for fact in facts {
        match fact {
            Fact::Airflow {
                version,
                config_file,
            } => {
                let file = config_file.as_deref().unwrap_or("no airflow.cfg");
                return Check::pass(NAME, format!("Airflow {version} ({python}), {file}"));
            }
            Fact::NoAirflow { problem } => {
                return Check::fail(
                    NAME,
                    format!("{python}: {problem}"),
                    "name the Python that the worker has, with --python or at the end of --exec",
                );
            }
            _ => {}
        }
    }
    silent(NAME)
}

pub(super) fn provider(facts: &[Fact]) -> Check {
    const NAME: &str = "provider";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Provider { version } => Some(version),
        _ => None,
    });
    let advice =
        "install apache-airflow-providers-common-io, 1.3 or newer, in the image of every component";
    match found {
        None => silent(NAME),
        Some(None) => Check::fail(
            NAME,
            "apache-airflow-providers-common-io is not installed",
            advice,
        ),
        Some(Some(version)) if is_at_least(version, FIRST_PROVIDER) => Check::pass(
            NAME,
            format!("apache-airflow-providers-common-io {version}"),
        ),
        Some(Some(version)) => Check::fail(
            NAME,
            format!("apache-airflow-providers-common-io {version} has no such backend"),
            advice,
        ),
    }
}

fn is_at_least(version: &str, first: [u32; 2]) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [parts.next().unwrap_or(0), parts.next().unwrap_or(0)] >= first
}

pub(super) fn packages(facts: &[Fact]) -> Check {
    const NAME: &str = "store packages";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Packages { scheme, packages } => Some((scheme, packages)),
        _ => None,
    });
    let Some((scheme, packages)) = found else {
        return silent(NAME);
    };
    let missing: Vec<&str> = packages
        .iter()
        .filter(|(_, version)| version.is_none())
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() {
        let evidence = format!("{scheme}:// needs {}, not installed", missing.join(" and "));
        return Check::fail(
            NAME,
            evidence,
            "install them in the image of every component",
        );
    }
    if packages.is_empty() {
        return match scheme.as_str() {
            "file" => Check::pass(NAME, "file:// needs none"),
            "" => Check::unknown(
                NAME,
                "there is no base path",
                "set [common.io] xcom_objectstorage_path",
            ),
            other => Check::unknown(
                NAME,
                format!("it is not known what {other}:// needs"),
                "see the check `store`, which uses it",
            ),
        };
    }
    let all = packages
        .iter()
        .map(|(name, version)| format!("{name} {}", version.as_deref().unwrap_or_default()));
    Check::pass(NAME, all.collect::<Vec<_>>().join(", "))
}

pub(super) fn names(facts: &[Fact]) -> Check {
    const NAME: &str = "names";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::NearMisses {
            variables,
            sections,
        } => Some((variables, sections)),
        _ => None,
    });
    let Some((variables, sections)) = found else {
        return silent(NAME);
    };
    let variables = variables
        .iter()
        .map(|miss| format!("{} is read by nobody; {} is", miss.found, miss.meant));
    let sections = sections
        .iter()
        .map(|section| format!("the section [{section}] is read by nobody; [common.io] is"));
    let all: Vec<String> = variables.chain(sections).collect();
    match all.is_empty() {
        true => Check::pass(
            NAME,
            "no environment variable and no section is nearly the right one",
        ),
        false => Check::fail(
            NAME,
            all.join("; "),
            "a dot in a section becomes an underscore: [common.io] is AIRFLOW__COMMON_IO__..; rename or remove them",
        ),
    }
}

pub(super) fn backend(facts: &[Fact]) -> Check {
    const NAME: &str = "backend";
    let set = "set [core] xcom_backend to the class, for every component";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Backend {
            class,
            bases,
            problem,
        } => Some((class, bases, problem)),
        _ => None,
    });
    match found {
        None => silent(NAME),
        Some((_, _, Some(problem))) => Check::fail(NAME, problem.clone(), set),
        Some((Some(class), bases, None)) => {
            let source = option(facts, "xcom_backend").map_or("", |option| &option.source);
            let evidence = format!("XComs go through {class} ({source})");
            match class == BACKEND || bases.iter().any(|base| base == BACKEND) {
                true => Check::pass(NAME, evidence),
                false => Check::fail(NAME, evidence, format!("{set}: {BACKEND}")),
            }
        }
        Some((None, _, None)) => silent(NAME),
    }
}

pub(super) fn path(facts: &[Fact]) -> Check {
    const NAME: &str = "base path";
    let option = match effective(NAME, facts, "xcom_objectstorage_path") {
        Ok(option) => option,
        Err(check) => return check,
    };
    let value = option.value.as_deref().unwrap_or_default();
    let evidence = format!("{value:?}, from {}", option.source);
    if value.trim().is_empty() {
        return Check::fail(
            NAME,
            format!("it is empty, from {}", option.source),
            "set AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_PATH to s3://CONN_ID@BUCKET/PREFIX",
        );
    }
    if !value.contains("://") {
        return Check::fail(
            NAME,
            evidence,
            "it has no scheme, so references are written and never resolved: write file:// before the directory",
        );
    }
    Check::pass(NAME, evidence)
}

/// The effective threshold, if it is a number.
pub(super) fn threshold_value(facts: &[Fact]) -> Option<i64> {
    let option = option(facts, "xcom_objectstorage_threshold")?;
    option.value.as_deref()?.trim().parse().ok()
}

pub(super) fn threshold(facts: &[Fact]) -> Check {
    const NAME: &str = "threshold";
    let option = match effective(NAME, facts, "xcom_objectstorage_threshold") {
        Ok(option) => option,
        Err(check) => return check,
    };
    let value = option.value.as_deref().unwrap_or_default();
    let evidence = format!("{value:?}, from {}", option.source);
    let advice = "set AIRFLOW__COMMON_IO__XCOM_OBJECTSTORAGE_THRESHOLD to a number of bytes; `aileron xcom calibrate` proposes one";
    match threshold_value(facts) {
        None => Check::fail(NAME, evidence, advice),
        Some(threshold) if threshold < 0 => {
            Check::fail(NAME, format!("{evidence}: nothing is offloaded"), advice)
        }
        Some(_) => Check::pass(
            NAME,
            format!("{evidence}: as many bytes and more are offloaded"),
        ),
    }
}

pub(super) fn compression(facts: &[Fact]) -> Check {
    const NAME: &str = "compression";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Compression {
            name,
            suffix,
            known,
            problem,
        } => Some((name, suffix, known, problem)),
        _ => None,
    });
    match found {
        None => silent(NAME),
        Some((_, _, _, Some(problem))) => Check::fail(
            NAME,
            problem.clone(),
            "install fsspec, which comes with the provider",
        ),
        Some((None, ..)) => Check::pass(NAME, "none"),
        Some((Some(name), Some(suffix), ..)) => {
            Check::pass(NAME, format!("{name}, objects end in .{suffix}"))
        }
        Some((Some(name), None, known, None)) => Check::fail(
            NAME,
            format!("there is no compression {name:?} here: every task that offloads would fail"),
            format!("there are {}; leave it empty for none", known.join(", ")),
        ),
    }
}

pub(super) fn pickling(facts: &[Fact]) -> Check {
    const NAME: &str = "pickling";
    let found = facts.iter().find_map(|fact| match fact {
        Fact::Pickling { value } => Some(value),
        _ => None,
    });
    match found {
        None => silent(NAME),
        Some(None) => Check::pass(
            NAME,
            "[core] enable_xcom_pickling is not set; Airflow 3 has no pickling of XComs",
        ),
        Some(Some(value)) if ["false", "f", "0", ""].contains(&value.to_lowercase().as_str()) => {
            Check::pass(NAME, format!("[core] enable_xcom_pickling = {value}"))
        }
        Some(Some(value)) => Check::fail(
            NAME,
            format!("[core] enable_xcom_pickling = {value}"),
            "the backend writes JSON only: set it to False, and see that nothing depends on it",
        ),
    }
}

fn option<'a>(facts: &'a [Fact], name: &str) -> Option<&'a OptionFact> {
    facts.iter().find_map(|fact| match fact {
        Fact::Option(option) if option.option == name => Some(option),
        _ => None,
    })
}

/// An option whose value is the same for everybody who asks, and which took what its environment variable says.
fn effective<'a>(
    check: &'static str,
    facts: &'a [Fact],
    name: &str,
) -> Result<&'a OptionFact, Check> {
    let Some(option) = option(facts, name) else {
        return Err(silent(check));
    };
    if let Some(problem) = &option.problem {
        return Err(Check::fail(
            check,
            problem.clone(),
            "make airflow.cfg readable for Airflow",
        ));
    }
    if option.value != option.server_value {
        return Err(Check::fail(
            check,
            format!(
                "the backend is given {:?}, `airflow config get-value` says {:?}",
                option.value, option.server_value
            ),
            "the two parsers of Airflow read different things: say it in the environment variable",
        ));
    }
    let expands = |text: &str| text.contains(['$', '~']);
    if let Some(variable) = option.variable.as_ref().filter(|text| !expands(text))
        && Some(variable) != option.value.as_ref()
    {
        return Err(Check::fail(
            check,
            format!(
                "the environment variable says {variable:?}, and did not take: the value is {:?}",
                option.value
            ),
            "something sets the option after the environment: look into airflow_local_settings.py",
        ));
    }
    Ok(option)
}

/// The probe said nothing of it.
fn silent(name: &'static str) -> Check {
    Check::unknown(
        name,
        "the probe did not get that far",
        "see the checks above",
    )
}
