use aileron::prelude::*;

#[task]
async fn take(limit: u32) -> Result<u32> {
    Ok(limit)
}

#[dag]
fn wrong(dag: &mut Dag) {
    dag.add(take());
}

fn main() {}
