//! Airflow's own metadata schema, as `airflow db migrate` makes it.
//!
//! Only a SQLite file is ever created here, with the schema of 3.3.2. A database on PostgreSQL
//! belongs to an Airflow, and that Airflow migrates it.

mod initial;
mod known;
mod table;
mod tables;

use crate::database::{Database, DatabaseError, Dialect, Session, Transaction, sql};

pub use known::Schema;

/// The Alembic revision of the schema that this crate creates.
pub const REVISION: &str = Schema::Airflow332.revision();

/// Makes the schema in an empty file, or checks that the one that is there is known.
pub(crate) async fn prepare(database: &Database) -> Result<(), DatabaseError> {
    if !is_empty(&mut database.read().await?).await? {
        return check(database, &[Schema::Airflow332]).await;
    }
    let mut transaction = database.begin().await?;
    // Another process may have been faster.
    if is_empty(&mut transaction).await? {
        create(&mut transaction).await?;
        transaction.commit().await?;
        database.set_schema(Schema::Airflow332);
        Ok(())
    } else {
        transaction.rollback().await?;
        check(database, &[Schema::Airflow332]).await
    }
}

/// Checks that the schema is one of these, and notes which.
///
/// # Errors
///
/// [`DatabaseError::Revision`] when it is none of them, or when there is none.
pub(crate) async fn check(database: &Database, fitting: &[Schema]) -> Result<(), DatabaseError> {
    let mut session = database.read().await?;
    let found = if has_table(&mut session, "alembic_version").await? {
        session
            .optional(sql("select version_num from alembic_version"))
            .await?
            .map(|row| row.get::<String>("version_num"))
            .transpose()?
    } else {
        None
    };
    let schema = found.as_deref().and_then(Schema::of_revision);
    if let Some(schema) = schema.filter(|schema| fitting.contains(schema)) {
        database.set_schema(schema);
        return Ok(());
    }
    Err(DatabaseError::Revision {
        database: database.name().to_owned(),
        found,
    })
}

async fn create(transaction: &mut Transaction) -> Result<(), DatabaseError> {
    for statement in tables::tables().iter().flat_map(table::Table::sqlite) {
        transaction.execute(sql(statement)).await?;
    }
    initial::insert(transaction).await
}

async fn is_empty(session: &mut Session) -> Result<bool, DatabaseError> {
    if session.dialect() == Dialect::Postgres {
        return Ok(false);
    }
    let row = session
        .one(sql("select count(*) as tables from sqlite_master"))
        .await?;
    Ok(row.get::<i64>("tables")? == 0)
}

async fn has_table(session: &mut Session, name: &'static str) -> Result<bool, DatabaseError> {
    let statement = match session.dialect() {
        Dialect::Sqlite => {
            sql("select count(*) as found from sqlite_master where type = 'table' and name = $1")
        }
        Dialect::Postgres => sql(
            "select count(*) as found from pg_tables where schemaname = any(current_schemas(false)) and tablename = $1",
        ),
    };
    let row = session.one(statement.bind(name)).await?;
    Ok(row.get::<i64>("found")? > 0)
}
