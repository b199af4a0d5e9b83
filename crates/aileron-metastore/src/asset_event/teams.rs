//! Which Dags may hear of an event, where there are teams.
//!
//! Who listens says which producers count (`allow_producer_teams`, `allow_global_producers`), and
//! who produces says who may listen (`allow_consumer_teams`, `allow_global_consumers`). Both must
//! agree. Without more, a team hears of itself and of what belongs to no team.
//!
//! Source: `AssetManager._filter_dags_by_team` in `assets/manager.py` of Airflow 3.3.2.

use std::collections::HashMap;

use serde_json::Value as JsonValue;

use super::register::Producer;
use crate::database::{DatabaseError, Row, Session, sql};

/// What is said of one asset and one producer.
pub(super) struct Allowed {
    producer: Option<String>,
    /// The teams of Dags.
    teams: HashMap<String, String>,
    /// Of each Dag that is scheduled on the asset: other teams that it takes events of, and
    /// whether it takes those of nobody's.
    scheduled: HashMap<String, (Vec<String>, bool)>,
    consumer_teams: Option<Vec<String>>,
    global_consumers: bool,
}

pub(super) async fn allowed(
    session: &mut Session,
    producer: &Producer,
    team: Option<&str>,
    asset_id: i64,
) -> Result<Allowed, DatabaseError> {
    let mut teams = HashMap::new();
    let statement = sql("select dag.dag_id, team.team_name from dag \
         join dag_bundle_team team on team.dag_bundle_name = dag.bundle_name");
    for row in session.all(statement).await? {
        teams.insert(row.get("dag_id")?, row.get("team_name")?);
    }
    let mut scheduled = HashMap::new();
    let statement = sql(
        "select dag_id, allow_producer_teams, allow_global_producers \
         from dag_schedule_asset_reference where asset_id = $1",
    );
    for row in session.all(statement.bind(asset_id)).await? {
        let others = names(&row, "allow_producer_teams")?.unwrap_or_default();
        scheduled.insert(
            row.get("dag_id")?,
            (others, row.get("allow_global_producers")?),
        );
    }
    let statement = sql("select allow_consumer_teams, allow_global_consumers \
         from task_outlet_asset_reference where dag_id = $1 and task_id = $2 and asset_id = $3")
    .bind(&producer.scope.dag_id)
    .bind(&producer.scope.task_id)
    .bind(asset_id);
    let outlet = session.optional(statement).await?;
    let (consumer_teams, global_consumers) = match outlet {
        Some(row) => (
            names(&row, "allow_consumer_teams")?,
            row.get("allow_global_consumers")?,
        ),
        None => (None, true),
    };
    Ok(Allowed {
        producer: team.map(str::to_owned),
        teams,
        scheduled,
        consumer_teams,
        global_consumers,
    })
}

fn names(row: &Row, column: &str) -> Result<Option<Vec<String>>, DatabaseError> {
    let value: Option<JsonValue> = row.get(column)?;
    let Some(JsonValue::Array(items)) = value else {
        return Ok(None);
    };
    let names = items.iter().filter_map(JsonValue::as_str);
    Ok(Some(names.map(str::to_owned).collect()))
}

impl Allowed {
    pub(super) fn may_hear(&self, dag_id: &str) -> bool {
        let consumer = self.teams.get(dag_id);
        self.takes(dag_id, consumer) && self.gives(consumer)
    }

    /// Whether the one who listens wants events of this producer.
    fn takes(&self, dag_id: &str, consumer: Option<&String>) -> bool {
        let Some(consumer) = consumer else {
            return true;
        };
        let (others, global) = match self.scheduled.get(dag_id) {
            Some((others, global)) => (others.as_slice(), *global),
            None => (&[][..], true),
        };
        match &self.producer {
            None => global,
            Some(producer) => producer == consumer || others.contains(producer),
        }
    }

    /// Whether the producer lets them listen.
    fn gives(&self, consumer: Option<&String>) -> bool {
        match (consumer, &self.consumer_teams) {
            (None, _) => self.global_consumers,
            (Some(consumer), _) if Some(consumer) == self.producer.as_ref() => true,
            (Some(consumer), Some(teams)) => teams.contains(consumer),
            (Some(_), None) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(producer: Option<&str>) -> Allowed {
        let teams = [("blue_dag", "blue"), ("red_dag", "red")];
        Allowed {
            producer: producer.map(str::to_owned),
            teams: teams
                .map(|(dag, team)| (dag.to_owned(), team.to_owned()))
                .into(),
            scheduled: HashMap::new(),
            consumer_teams: None,
            global_consumers: true,
        }
    }

    fn heard(allowed: &Allowed) -> Vec<&'static str> {
        ["blue_dag", "red_dag", "free_dag"]
            .into_iter()
            .filter(|dag_id| allowed.may_hear(dag_id))
            .collect()
    }

    #[test]
    fn a_team_hears_of_itself_and_of_nobodys() {
        assert_eq!(heard(&of(Some("blue"))), ["blue_dag", "free_dag"]);
        assert_eq!(heard(&of(None)), ["blue_dag", "red_dag", "free_dag"]);
    }

    #[test]
    fn who_listens_may_take_more_or_less() {
        let mut allowed = of(Some("blue"));
        allowed
            .scheduled
            .insert("red_dag".into(), (vec!["blue".into()], true));
        assert_eq!(heard(&allowed), ["blue_dag", "red_dag", "free_dag"]);
        let mut allowed = of(None);
        allowed
            .scheduled
            .insert("red_dag".into(), (Vec::new(), false));
        assert_eq!(heard(&allowed), ["blue_dag", "free_dag"]);
    }

    #[test]
    fn who_produces_may_give_less() {
        let mut allowed = of(Some("blue"));
        allowed
            .scheduled
            .insert("red_dag".into(), (vec!["blue".into()], true));
        allowed.consumer_teams = Some(Vec::new());
        allowed.global_consumers = false;
        assert_eq!(heard(&allowed), ["blue_dag"]);
    }
}
