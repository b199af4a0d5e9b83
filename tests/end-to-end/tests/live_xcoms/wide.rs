//! A run with 10,000 mapped cells, and the REST API of the same Airflow.

use end_to_end::{Kept, Live, LiveAirflow};

use crate::pod::Pod;
use crate::reader::{aileron, ran};
use crate::rest;

#[test]
fn ten_thousand_cells_of_airflow_2_come_whole_and_its_rest_api_says_the_same() {
    let live = Live::new(LiveAirflow::V2, None).unwrap();
    let ids = live.fill(Kept::Plain, &["2026-06-01"], 10_000).unwrap();
    let pull = [
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        "wide",
        "--limit",
        "0",
        "--format",
        "ndjson",
    ];
    let by_probe = ran(Pod::of(&live, Kept::Plain).aileron().args(pull)).lines();
    let by_database = ran(aileron().args(pull).env("AILERON_DB", live.url())).lines();
    assert_eq!(by_probe, by_database);
    assert_eq!(by_probe.len(), 10_000);
    let newest_first = by_probe.iter().zip((0..10_000).rev());
    assert!(
        newest_first
            .clone()
            .all(|(row, index)| row["map_index"] == index
                && row["value"]["crypto"] == format!("c{index}"))
    );
    rest::airflow_2(&live, &ids[0]);
    let some = ran(Pod::of(&live, Kept::Plain).aileron().args([
        "xcom",
        "pull",
        "--dag-id",
        "diagnostic",
        "--run-id",
        "wide",
    ]));
    assert!(
        some.stderr.contains("there are more than 20"),
        "{}",
        some.stderr
    );
    assert_eq!(some.ok().matches("return_value").count(), 20);
}
