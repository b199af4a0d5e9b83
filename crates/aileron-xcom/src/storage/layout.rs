//! Where the object of a value lies below the base.

use aileron_uri::percent::quote;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::SettingsError;

/// S3 takes keys of up to so many bytes, and the provider counts the whole URL against it.
const MOST_BYTES: usize = 1_024;
/// A longer quoted key is replaced by its digest.
const MOST_KEY: usize = 200;
/// An id is not shortened below this.
const LEAST_ID: usize = 8;

/// The layouts of Airflow's versions. What one wrote every version reads: the database has the whole path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// 3.3: `<dag_id>/<run_id>/<task_id>/<uuid>`; every write is a new object.
    Airflow33,
    /// 3.4: `<dag_id>/<run_id>/<task_id>/ti-<task instance id>/<key>.json`; a task instance that writes a key again replaces the
    /// object (`airflow/sdk/bases/xcom.py` of 3.4.0b2, `XComCoordinate.build_path`).
    Airflow34,
}

/// The task that a value is written for.
#[derive(Debug, Clone, Copy)]
pub struct Coordinate<'a> {
    /// The Dag.
    pub dag_id: &'a str,
    /// The run.
    pub run_id: &'a str,
    /// The task.
    pub task_id: &'a str,
    /// The task instance, when it is the one that writes; `None` when another writes for it.
    pub ti_id: Option<Uuid>,
}

impl Coordinate<'_> {
    /// The path of a value's object below a base whose text has so many bytes.
    pub(super) fn path(
        &self,
        layout: Layout,
        key: &str,
        suffix: &str,
        base: usize,
    ) -> Result<String, SettingsError> {
        match layout {
            Layout::Airflow33 => Ok(format!(
                "{}/{}/{}/{}{suffix}",
                self.dag_id,
                self.run_id,
                self.task_id,
                Uuid::new_v4()
            )),
            Layout::Airflow34 => self.shortened(key, suffix, MOST_BYTES.saturating_sub(base + 1)),
        }
    }

    fn shortened(&self, key: &str, suffix: &str, most: usize) -> Result<String, SettingsError> {
        let instance = match self.ti_id {
            Some(id) => format!("ti-{id}"),
            None => format!("write-{}", Uuid::new_v4()),
        };
        let name = format!("{}.json{suffix}", object_name(key));
        let mut ids = [self.dag_id, self.run_id, self.task_id];
        let fixed = instance.len() + name.len() + 4;
        while ids.iter().map(|id| id.len()).sum::<usize>() + fixed > most {
            // The first of the longest.
            let longest = (0..3)
                .rev()
                .max_by_key(|at| ids[*at].len())
                .unwrap_or_default();
            let id = &mut ids[longest];
            if id.len() <= LEAST_ID {
                return Err(SettingsError::Name {
                    reason: format!("key `{key}` does not fit into {most} bytes below the base"),
                });
            }
            let mut end = id.len() - 1;
            while !id.is_char_boundary(end) {
                end -= 1;
            }
            *id = &id[..end];
        }
        let [dag_id, run_id, task_id] = ids;
        Ok(format!("{dag_id}/{run_id}/{task_id}/{instance}/{name}"))
    }
}

/// The key, quoted, or its digest.
fn object_name(key: &str) -> String {
    let mut quoted = quote(key);
    // A name of dots would be a directory.
    if quoted.bytes().all(|byte| byte == b'.') {
        quoted = quoted.replace('.', "%2E");
    }
    if quoted.len() <= MOST_KEY {
        quoted
    } else {
        hex::encode(Sha256::digest(key.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(ids: [&str; 3], key: &str, base: usize) -> Result<String, SettingsError> {
        let [dag_id, run_id, task_id] = ids;
        let coordinate = Coordinate {
            dag_id,
            run_id,
            task_id,
            ti_id: Some(Uuid::nil()),
        };
        coordinate.path(Layout::Airflow34, key, ".gz", base)
    }

    #[test]
    fn a_path_of_3_3_ends_in_a_new_uuid() {
        let coordinate = Coordinate {
            dag_id: "d",
            run_id: "manual__2026-01-01T00:00:00+00:00",
            task_id: "t",
            ti_id: None,
        };
        let path = || coordinate.path(Layout::Airflow33, "k", ".gz", 0).unwrap();
        let (first, second) = (path(), path());
        assert!(first.starts_with("d/manual__2026-01-01T00:00:00+00:00/t/"));
        assert_eq!(first.len(), second.len());
        assert_ne!(first, second);
        let name = first.rsplit('/').next().unwrap();
        assert_eq!(name.len(), 36 + 3);
    }

    #[test]
    fn a_path_of_3_4_is_the_one_that_airflow_builds() {
        let nil = "ti-00000000-0000-0000-0000-000000000000";
        let ids = ["d", "r", "t"];
        for (key, name) in [
            ("return_value", "return_value.json.gz".to_owned()),
            ("a/b c", "a%2Fb%20c.json.gz".to_owned()),
            ("..", "%2E%2E.json.gz".to_owned()),
            ("", ".json.gz".to_owned()),
        ] {
            assert_eq!(path(ids, key, 10).unwrap(), format!("d/r/t/{nil}/{name}"));
        }
        let long = path(ids, &"k".repeat(201), 10).unwrap();
        assert_eq!(long.len(), 6 + nil.len() + 1 + 64 + 8);
    }

    #[test]
    fn ids_are_shortened_longest_first_and_not_below_eight_bytes() {
        let (dag, run) = ("ä".repeat(300), "r".repeat(500));
        let built = path([&dag, &run, "t"], "k", 100).unwrap();
        assert!(built.len() <= 1_024 - 101, "{}", built.len());
        let mut parts = built.split('/');
        let (dag, run) = (parts.next().unwrap().len(), parts.next().unwrap().len());
        assert!(dag.abs_diff(run) <= 2, "{dag} {run}");
        assert!(path(["d", "r", "t"], "k", 990).is_err());
    }
}
