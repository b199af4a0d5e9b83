//! Saying that the task is alive, and hearing that it should not be.

use std::sync::Arc;

use aileron_execution_api::{ExecutionApi, Heartbeat};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::outcome::{Outcome, is_final};
use crate::{Ended, Settings};

/// Sends heartbeats until there is a reason to end the task. Never returns otherwise.
pub(crate) async fn heartbeats(
    api: Arc<dyn ExecutionApi>,
    outcome: Arc<Outcome>,
    settings: &Settings,
    pid: u32,
) -> Ended {
    let heartbeat = Heartbeat {
        hostname: settings.hostname.clone(),
        pid,
    };
    let every = settings.heartbeat_interval;
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = 0;
    tokio::select! {
        ended = async {
            loop {
                ticks.tick().await;
                match api.heartbeat(heartbeat.clone()).await {
                    Ok(()) => failed = 0,
                    // A task that has said how it ended is not running for Airflow: that is no reason to end it.
                    Err(error) if is_final(&error) => if outcome.not_wanted() {
                        return Ended::NotWanted(error);
                    },
                    Err(error) => {
                        failed += 1;
                        tracing::warn!(failed, of = settings.max_failed_heartbeats, "a heartbeat failed: {error}");
                        if failed >= settings.max_failed_heartbeats {
                            return Ended::NoHeartbeat(error);
                        }
                    }
                }
            }
        } => ended,
        _ = outcome.settled() => std::future::pending().await,
    }
}
