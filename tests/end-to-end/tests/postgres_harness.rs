//! What the PostgreSQL of the test harness itself promises.
#![allow(clippy::unwrap_used)]

use end_to_end::{AirflowVersion, Postgres};

const VERSION: AirflowVersion = AirflowVersion::V3_3_2;

#[test]
fn a_clone_has_the_schema_and_nobody_elses_rows() {
    let server = Postgres::start().unwrap();
    let one = server.database(VERSION).unwrap();
    let other = server.database(VERSION).unwrap();
    one.sql("insert into variable (key, val, is_encrypted) values ('a', 'b', false)")
        .unwrap();
    let revision = "select version_num from alembic_version";
    assert_eq!(
        one.sql(revision).unwrap(),
        format!("{}\n", aileron_metastore::schema::REVISION)
    );
    assert_eq!(one.sql("select count(*) from variable").unwrap(), "1\n");
    assert_eq!(other.sql("select count(*) from variable").unwrap(), "0\n");
}

#[test]
fn what_was_committed_survives_a_killed_server() {
    let server = Postgres::start().unwrap();
    let database = server.database(VERSION).unwrap();
    for round in 1..=3 {
        database
            .sql("insert into variable (key, val, is_encrypted) values (gen_random_uuid()::text, 'b', false)")
            .unwrap();
        server.kill().unwrap();
        assert!(database.sql("select 1").is_err());
        server.start_again().unwrap();
        let kept = database.sql("select count(*) from variable").unwrap();
        assert_eq!(kept, format!("{round}\n"));
    }
}
