use aileron::prelude::*;

#[task]
async fn numbers() -> Result<Vec<i64>> {
    Ok(vec![])
}

#[task]
async fn shout(text: String) -> Result<String> {
    Ok(text.to_uppercase())
}

#[dag]
fn wrong(dag: &mut Dag) {
    let numbers = dag.add(numbers());
    dag.add(shout(numbers));
}

fn main() {}
