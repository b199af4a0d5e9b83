//! Tasks that fail, each in its way.

use aileron::prelude::*;

#[task(retries = 1, retry_delay = "1s")]
async fn fail_once(cx: &Context) -> Result<i64> {
    if cx.try_number() == 1 {
        return Err(Error::msg("the first try fails"));
    }
    Ok(cx.try_number())
}

#[dag]
pub(crate) fn retried(dag: &mut Dag) {
    dag.add(fail_once());
}

#[task]
async fn panic_at_once() -> Result<()> {
    panic!("the scenario panics")
}

#[dag]
pub(crate) fn panicking(dag: &mut Dag) {
    dag.add(panic_at_once());
}

#[task(retries = 3, retry_delay = "1s")]
async fn give_up() -> Result<()> {
    Err(Error::no_retry("trying again would not help"))
}

#[dag]
pub(crate) fn not_retried(dag: &mut Dag) {
    dag.add(give_up());
}

#[task]
async fn remembered() -> Result<()> {
    Ok(())
}

/// Airflow's Dag file names one task more, which this bundle does not have.
#[dag]
pub(crate) fn forgotten(dag: &mut Dag) {
    dag.add(remembered());
}
