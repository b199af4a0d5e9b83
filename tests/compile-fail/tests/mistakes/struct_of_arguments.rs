//! A struct of arguments: what is left out, of the wrong type, or written in the wrong place.

use aileron::TaskArgs;
use aileron::prelude::*;

#[derive(TaskArgs)]
struct Report {
    country: String,
    rows: Vec<i64>,
    #[arg(default = 10)]
    limit: i64,
}

#[task]
async fn report(#[args] input: Report) -> Result<()> {
    let _ = (input.country, input.rows, input.limit);
    Ok(())
}

#[dag]
fn reports(dag: &mut Dag) {
    let numbers = dag.external::<Vec<f64>>("numbers");
    dag.add(report(Report::args().country("uk")));
    dag.add(report(Report::args().country("uk").rows(numbers)).task_id("other"));
    dag.add(report(Report::args().country("uk").country("de").rows(Vec::new())).task_id("twice"));
}

fn main() {}
