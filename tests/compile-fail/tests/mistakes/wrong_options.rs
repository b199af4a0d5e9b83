use aileron::prelude::*;

#[task(retry = 3)]
async fn unknown() -> Result<()> {
    Ok(())
}

#[task(retry_delay = "soon")]
async fn delay() -> Result<()> {
    Ok(())
}

#[task(trigger_rule = "all_succes")]
async fn rule() -> Result<()> {
    Ok(())
}

#[task(retries = 1, retries = 2)]
async fn twice() -> Result<()> {
    Ok(())
}

#[task(retries = "three")]
async fn text() -> Result<()> {
    Ok(())
}

#[dag(start_date = "yesterday")]
fn word(dag: &mut Dag) {}

#[dag(tags = "one")]
fn tags(dag: &mut Dag) {}

fn main() {}
