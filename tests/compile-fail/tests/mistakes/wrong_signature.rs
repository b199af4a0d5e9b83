use aileron::prelude::*;

#[task]
async fn no_result() -> i64 {
    1
}

#[task]
async fn nothing() {}

#[task]
async fn borrowed(text: &str) -> Result<()> {
    Ok(())
}

#[task]
async fn late_context(n: i64, cx: &Context) -> Result<()> {
    Ok(())
}

#[task]
async fn owned_context(cx: Context) -> Result<()> {
    Ok(())
}

#[task]
async fn generic<T>(value: T) -> Result<()> {
    Ok(())
}

#[task]
async fn pattern((a, b): (i64, i64)) -> Result<()> {
    Ok(())
}

struct Opaque;

#[task]
async fn unreadable(value: Opaque) -> Result<()> {
    Ok(())
}

#[dag]
fn no_dag() {}

#[dag]
async fn async_dag(dag: &mut Dag) {}

fn main() {}
