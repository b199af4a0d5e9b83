//! Which objects are XComs by their name.

use uuid::Uuid;

/// A task instance that passed bytes by reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner<'a> {
    pub(super) dag_id: &'a str,
    pub(super) run_id: &'a str,
    pub(super) task_id: &'a str,
    pub(super) map_index: i64,
}

/// Whose bytes an object holds: `DAG/RUN/TASK/objects/MAP_INDEX/UUID[.SUFFIX]`, which tasks in Rust write. `None` for any other path.
pub(super) fn owner(path: &str) -> Option<Owner<'_>> {
    let parts: Vec<&str> = path.split('/').collect();
    let [dag_id, run_id, task_id, "objects", map_index, name] = parts[..] else {
        return None;
    };
    let map_index = map_index.parse().ok()?;
    is_uuid(name.split('.').next().unwrap_or_default()).then_some(Owner {
        dag_id,
        run_id,
        task_id,
        map_index,
    })
}

/// Whether the object-storage backend could have written an object with this path below the base.
///
/// | Airflow | Path |
/// |---|---|
/// | 3.3 | `DAG/RUN/TASK/UUID[.SUFFIX]` |
/// | 3.4 | `DAG/RUN/TASK/ti-UUID/KEY.json[.SUFFIX]`, or `write-UUID` for an XCom of another task |
///
/// Source: `XComObjectStorageBackend` of the provider common.io 1.11, `XComCoordinate.build_path` of Airflow 3.4.0b2.
pub(super) fn is_of_an_xcom(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts[..] {
        [_, _, _, name] => is_uuid(name.split('.').next().unwrap_or_default()),
        [_, _, _, instance, name] => {
            let id = instance
                .strip_prefix("ti-")
                .or_else(|| instance.strip_prefix("write-"));
            id.is_some_and(is_uuid) && name.contains(".json")
        }
        _ => false,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a1b2c3d-0000-4000-8000-000000000001";

    #[test]
    fn bytes_passed_by_reference_have_an_owner() {
        let path = format!("d/r/g.t/objects/-1/{ID}.parquet");
        let found = Owner {
            dag_id: "d",
            run_id: "r",
            task_id: "g.t",
            map_index: -1,
        };
        assert_eq!(owner(&path), Some(found));
        for path in [
            format!("d/r/t/objects/x/{ID}"),
            format!("d/r/t/object/1/{ID}"),
            format!("d/r/t/objects/{ID}"),
            "d/r/t/objects/1/name".to_owned(),
        ] {
            assert_eq!(owner(&path), None, "{path}");
        }
    }

    #[test]
    fn xcoms_of_both_airflows_are_known_and_nothing_else_is() {
        for path in [
            format!("d/manual__2026-01-01T00:00:00+00:00/t/{ID}"),
            format!("d/r/group.t/{ID}.gz"),
            format!("d/r/t/ti-{ID}/return_value.json"),
            format!("d/r/t/write-{ID}/a%2Fb.json.zst"),
        ] {
            assert!(is_of_an_xcom(&path), "{path}");
        }
        for path in [
            "d/r/t/name".to_owned(),
            format!("d/r/{ID}"),
            // The state of a task, and of an asset.
            format!("d/r/t/-1/{ID}"),
            "assets/orders/cursor".to_owned(),
            format!("d/r/t/ti-{ID}/data.parquet"),
            String::new(),
        ] {
            assert!(!is_of_an_xcom(&path), "{path}");
        }
    }
}
