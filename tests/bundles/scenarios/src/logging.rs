//! Log lines of every level, and secrets in them.

use aileron::prelude::*;

#[task]
async fn write_lines(cx: &Context) -> Result<()> {
    tracing::debug!("a debug line");
    tracing::info!(rows = 3, table.name = "orders", "an info line");
    tracing::warn!("a warning line");
    tracing::error!("an error line");
    let connection = cx.connections().get("scenario_database").await?;
    let password = connection.password.unwrap_or_default();
    tracing::info!(
        url = format!("db://user:{password}@host"),
        "connecting with {password}"
    );
    let token = cx
        .variables()
        .get("scenario_token_text")
        .await?
        .unwrap_or_default();
    cx.mask_secret(&token).await?;
    tracing::info!("the registered value is {token}");
    println!("a line on standard output");
    eprintln!("a line on standard error");
    Ok(())
}

#[dag]
pub(crate) fn logging(dag: &mut Dag) {
    dag.add(write_lines());
}
