//! A bundle of well-behaved tasks.

use std::process::ExitCode;
use std::time::Duration;

use aileron::prelude::*;

pub(crate) fn serve() -> ExitCode {
    aileron::serve(bundle![tried])
}

#[task]
async fn answers(_cx: &Context) -> Result<i64> {
    tracing::info!("in the body");
    println!("printed");
    eprintln!("complained");
    Ok(42)
}

#[task]
async fn fails(_cx: &Context) -> Result<()> {
    Err(Error::msg("no luck"))
}

/// Asks for two Variables at the same time.
#[task]
async fn asks_twice(cx: &Context) -> Result<String> {
    let variables = cx.variables();
    let (one, other) = tokio::join!(variables.get("one"), variables.get("other"));
    Ok(format!("{:?} {:?}", one?, other?))
}

/// Prints what it was told in confidence.
#[task]
async fn blabs(cx: &Context) -> Result<()> {
    let connection = cx.connections().get("db").await?;
    println!(
        "the password is {}",
        connection.password.unwrap_or_default()
    );
    let token = cx.variables().get("api_token").await?;
    eprintln!("the token is {token:?}");
    Ok(())
}

#[task]
async fn waits(_cx: &Context) -> Result<()> {
    std::future::pending::<()>().await;
    Ok(())
}

#[task]
async fn naps(_cx: &Context) -> Result<()> {
    tokio::time::sleep(Duration::from_millis(200)).await;
    Ok(())
}

#[dag]
fn tried(dag: &mut Dag) {
    dag.add(answers());
    dag.add(fails());
    dag.add(asks_twice());
    dag.add(blabs());
    dag.add(waits());
    dag.add(naps());
}
