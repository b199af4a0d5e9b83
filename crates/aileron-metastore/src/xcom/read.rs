//! Reading XComs.

use aileron_wire::json::RawJson;
use aileron_wire::message::{GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice};

use uuid::Uuid;

use super::positions::Positions;
use super::{map_index, tries};
use crate::database::{DatabaseError, Row, Session, Statement, sql};
use crate::failure::Failure;
use crate::schema::Schema;
use crate::{Metastore, scope, team};

/// Where XComs are looked for.
struct Place<'a> {
    dag_id: &'a str,
    run_id: &'a str,
    task_id: &'a str,
    key: &'a str,
    include_prior_dates: bool,
    schema: Schema,
}

impl Place<'_> {
    /// Before anything is read there.
    async fn check(
        &self,
        store: &Metastore,
        session: &mut Session,
        ti_id: Uuid,
    ) -> Result<(), Failure> {
        team::check_xcom(session, store.settings(), ti_id, self.dag_id, false).await?;
        let run_id = Some(self.run_id).filter(|_| !self.include_prior_dates);
        scope::refuse_loops(session, self.dag_id, run_id, self.task_id).await
    }

    /// `select {what} from xcom` there.
    fn select(&self, what: &str) -> Statement {
        let statement = match self.schema {
            Schema::Airflow332 => sql("select ")
                .push(what)
                .push(
                    " from xcom join dag_run on dag_run.id = xcom.dag_run_id where xcom.dag_id = ",
                )
                .value(self.dag_id)
                .push(" and xcom.task_id = ")
                .value(self.task_id)
                .push(" and xcom.key = ")
                .value(self.key),
            Schema::Airflow340b2 => tries::select(what, self.dag_id, self.task_id, self.key),
        };
        if self.include_prior_dates {
            statement
                .push(
                    " and coalesce(dag_run.logical_date, dag_run.run_after) <= \
                     (select coalesce(this.logical_date, this.run_after) from dag_run this \
                     where this.dag_id = xcom.dag_id and this.run_id = ",
                )
                .value(self.run_id)
                .push(")")
        } else {
            statement.push(" and xcom.run_id = ").value(self.run_id)
        }
    }

    fn missing(&self, which: &str) -> Failure {
        let Self {
            dag_id,
            run_id,
            task_id,
            key,
            ..
        } = self;
        Failure::not_found(format!(
            "no XCom {key:?} {which} of task {task_id:?} in run {run_id:?} of Dag {dag_id:?}"
        ))
    }
}

pub(crate) async fn get(
    store: &Metastore,
    ti_id: Uuid,
    query: GetXCom,
) -> Result<RawJson, Failure> {
    not_in_a_loop(query.previous_iteration)?;
    let place = Place {
        dag_id: &query.dag_id,
        run_id: &query.run_id,
        task_id: &query.task_id,
        key: &query.key,
        include_prior_dates: query.include_prior_dates,
        schema: store.database().schema(),
    };
    let index = map_index(place.schema, query.map_index);
    let mut session = store.database().read().await?;
    if place.schema.keeps_tries() && !place.include_prior_dates {
        let own = (place.dag_id, place.run_id, place.task_id, index);
        tries::refuse_followed(&mut session, ti_id, own).await?;
    }
    place.check(store, &mut session, ti_id).await?;
    let statement = place
        .select("xcom.value as value")
        .push(" and xcom.map_index = ")
        .value(index)
        .push(" order by dag_run.logical_date desc, xcom.timestamp desc limit 1");
    let row = session.optional(statement).await?;
    let row = row.ok_or_else(|| place.missing(&format!("with map index {index}")))?;
    Ok(value(&row)?)
}

pub(crate) async fn count(
    store: &Metastore,
    ti_id: Uuid,
    query: GetXComCount,
) -> Result<i64, Failure> {
    not_in_a_loop(query.previous_iteration)?;
    let place = Place {
        dag_id: &query.dag_id,
        run_id: &query.run_id,
        task_id: &query.task_id,
        key: &query.key,
        include_prior_dates: false,
        schema: store.database().schema(),
    };
    let mut session = store.database().read().await?;
    place.check(store, &mut session, ti_id).await?;
    let row = session.one(place.select("count(*) as n")).await?;
    Ok(row.get("n")?)
}

pub(crate) async fn item(
    store: &Metastore,
    ti_id: Uuid,
    query: GetXComSequenceItem,
) -> Result<RawJson, Failure> {
    not_in_a_loop(query.previous_iteration)?;
    let place = Place {
        dag_id: &query.dag_id,
        run_id: &query.run_id,
        task_id: &query.task_id,
        key: &query.key,
        include_prior_dates: false,
        schema: store.database().schema(),
    };
    // -1 is the last: !n is -1 - n, for every number.
    let (order, skipped) = if query.offset >= 0 {
        ("asc", query.offset)
    } else {
        ("desc", !query.offset)
    };
    let statement = place
        .select("xcom.value as value")
        .push(" order by xcom.map_index ")
        .push(order)
        .push(" limit 1 offset ")
        .value(skipped);
    let mut session = store.database().read().await?;
    place.check(store, &mut session, ti_id).await?;
    let row = session.optional(statement).await?;
    let row = row.ok_or_else(|| place.missing(&format!("at position {}", query.offset)))?;
    Ok(value(&row)?)
}

pub(crate) async fn slice(
    store: &Metastore,
    ti_id: Uuid,
    query: GetXComSequenceSlice,
) -> Result<Vec<RawJson>, Failure> {
    not_in_a_loop(query.previous_iteration)?;
    let place = Place {
        dag_id: &query.dag_id,
        run_id: &query.run_id,
        task_id: &query.task_id,
        key: &query.key,
        include_prior_dates: query.include_prior_dates,
        schema: store.database().schema(),
    };
    let mut session = store.database().read().await?;
    place.check(store, &mut session, ti_id).await?;
    let length: i64 = session.one(place.select("count(*) as n")).await?.get("n")?;
    let bounds = (query.start, query.stop, query.step);
    let Some(positions) = Positions::of(bounds, length) else {
        return Ok(Vec::new());
    };
    let (lowest, count) = positions.window();
    let statement = place
        .select("xcom.value as value")
        .push(" order by xcom.map_index limit ")
        .value(count)
        .push(" offset ")
        .value(lowest);
    let rows = session.all(statement).await?;
    let mut values = Vec::new();
    for position in positions.iter() {
        let row = usize::try_from(position - lowest)
            .ok()
            .and_then(|at| rows.get(at));
        // Fewer rows than were counted: some were deleted in between.
        if let Some(row) = row {
            values.push(value(row)?);
        }
    }
    Ok(values)
}

fn value(row: &Row) -> Result<RawJson, DatabaseError> {
    let value: Option<RawJson> = row.get("value")?;
    Ok(value.unwrap_or_else(RawJson::null))
}

fn not_in_a_loop(previous_iteration: bool) -> Result<(), Failure> {
    if previous_iteration {
        return Err(Failure::unsupported(
            "XComs of an earlier iteration of a loop, which Airflow has since 3.4",
        ));
    }
    Ok(())
}
