//! What only `aileron run` is asked to do.

use std::process::ExitCode;
use std::time::Duration;

use aileron::prelude::*;

/// Longer than any test waits.
const LONG: Duration = Duration::from_secs(600);

/// Takes its time to end when it is asked to.
#[task]
async fn linger(cx: &Context) -> Result<()> {
    cx.on_kill(|| async {
        tracing::info!("the on-kill hook takes its time");
        tokio::time::sleep(LONG).await;
    });
    tracing::info!("lingering");
    tokio::time::sleep(LONG).await;
    Ok(())
}

#[dag]
fn lingering(dag: &mut Dag) {
    dag.add(linger());
}

/// Succeeds, or fails when the conf says so.
#[task(depends_on_past = true)]
async fn step(cx: &Context) -> Result<()> {
    if cx.param::<bool>("fails")? {
        return Err(Error::msg("the conf says so"));
    }
    Ok(())
}

#[dag]
fn stepwise(dag: &mut Dag) {
    dag.param("fails", false);
    dag.add(step());
}

/// One of several instances; the second fails until a variable is there.
#[task]
async fn part(cx: &Context) -> Result<()> {
    let repaired = cx.variables().get("repaired").await?;
    if cx.ti().map_index == 1 && repaired.is_none() {
        return Err(Error::msg("not repaired yet"));
    }
    Ok(())
}

#[dag]
fn parts(dag: &mut Dag) {
    dag.add(part());
}

fn main() -> ExitCode {
    aileron::serve(bundle![lingering, stepwise, parts])
}
