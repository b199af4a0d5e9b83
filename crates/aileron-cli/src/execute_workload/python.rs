//! The command line that Airflow gives to its own program.

use super::Source;

/// The Python module that executors start.
const MODULE: &str = "airflow.sdk.execution_time.execute_workload";

/// Reads `python -m airflow.sdk.execution_time.execute_workload --json-string JSON`.
///
/// The error shows no argument behind the module: they hold a token.
pub(super) fn source(command: &[String]) -> Result<Source, String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let rest = match words.as_slice() {
        [python, "-m", module, rest @ ..] if is_python(python) && *module == MODULE => rest,
        _ => {
            return Err(format!(
                "the command is not `python -m {MODULE}`, and nothing else is run here"
            ));
        }
    };
    let (flag, value) = match rest {
        [flag, value] => (*flag, *value),
        [word] => word.split_once('=').unwrap_or((word, "")),
        _ => ("", ""),
    };
    match flag {
        "--json-string" if !value.is_empty() => Ok(Source {
            json_string: Some(value.to_owned()),
            json_path: None,
        }),
        "--json-path" if !value.is_empty() => Ok(Source {
            json_path: Some(value.into()),
            json_string: None,
        }),
        _ => Err(format!(
            "behind `{MODULE}` either --json-string or --json-path comes, each with a value"
        )),
    }
}

fn is_python(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or_default();
    name.starts_with("python")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Source, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        source(&words)
    }

    #[test]
    fn the_command_line_of_kubernetes_executor_is_understood() {
        for rest in [["--json-string", "{}"].as_slice(), &["--json-string={}"]] {
            for python in ["python", "python3.12", "/usr/local/bin/python"] {
                let words = [&[python, "-m", MODULE], rest].concat();
                assert_eq!(read(&words).unwrap().json_string.as_deref(), Some("{}"));
            }
        }
        let path = read(&["python", "-m", MODULE, "--json-path", "/w.json"]).unwrap();
        assert_eq!(path.json_path, Some("/w.json".into()));
    }

    #[test]
    fn anything_else_is_refused_without_being_shown() {
        for words in [
            ["airflow", "tasks", "run", "hunter2"].as_slice(),
            &["python", "-m", MODULE],
            &["python", "-m", MODULE, "--json-string"],
            &["python", "-m", MODULE, "--json-string", ""],
            &["python", "-m", MODULE, "--other", "hunter2"],
            &["python", "-m", MODULE, "--json-string", "{}", "hunter2"],
            &["bash", "-c", "hunter2"],
        ] {
            let error = read(words).unwrap_err();
            assert!(
                error.contains(MODULE) && !error.contains("hunter2"),
                "{error}"
            );
        }
    }
}
