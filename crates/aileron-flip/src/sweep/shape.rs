//! Which objects are XComs by their name.

use uuid::Uuid;

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
