//! Arguments that do not fit: no body runs.

use aileron::TaskArgs;
use aileron::prelude::*;

#[task]
async fn too_many(country: String) -> Result<String> {
    Ok(country)
}

#[task]
async fn wrong_type(rows: Vec<i64>) -> Result<usize> {
    Ok(rows.len())
}

#[task]
async fn missing_xcom(rows: Vec<i64>) -> Result<usize> {
    Ok(rows.len())
}

#[derive(TaskArgs)]
struct Place {
    country: String,
}

#[task]
async fn unknown_name(#[args] place: Place) -> Result<String> {
    Ok(place.country)
}

#[dag]
pub(crate) fn taskflow_refused(dag: &mut Dag) {
    let nothing = dag.external::<Vec<i64>>("nothing");
    dag.add(too_many("uk"));
    dag.add(wrong_type(vec![1]));
    dag.add(missing_xcom(nothing));
    dag.add(unknown_name(Place::args().country("uk")));
}
