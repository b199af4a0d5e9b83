use aileron::prelude::*;

#[task]
async fn load() -> Result<()> {
    Ok(())
}

#[dag]
fn twice(dag: &mut Dag) {
    dag.add(load());
    if dag.dag_id() == "twice" {
        dag.add(load().retries(3));
    }
}

#[dag]
fn named_twice(dag: &mut Dag) {
    dag.add(load().task_id("a"));
    dag.add(load().retries(1).task_id("a"));
}

fn main() {}
