//! Variables and Connections.

use aileron_wire::message::{GetVariableKeys, PutVariable};
use end_to_end::{Answer, Comparison};

use crate::Outcome;

pub(crate) async fn secrets(both: &mut Comparison) -> Outcome {
    let ti = both.id("r3", "one", -1);
    for key in ["stored", "none"] {
        both.both(key, ti, async |api| api.variable(key).await)
            .await?;
    }
    for (key, value, description) in [
        ("x_1", Some("v"), Some("why")),
        ("x_1", Some("w"), None),
        ("x_2", Some(""), None),
        ("x%3", Some("é"), None),
        ("x/4", None, None),
    ] {
        let put = PutVariable {
            key: key.into(),
            value: value.map(str::to_owned),
            description: description.map(str::to_owned),
        };
        both.both(key, ti, async |api| api.put_variable(put.clone()).await)
            .await?;
        both.both(key, ti, async |api| api.variable(key).await)
            .await?;
    }
    for (prefix, limit, offset) in [
        (None, 1000, 0),
        (Some("x_"), 1, 1),
        (Some("x%"), 10, 0),
        (Some("none"), 10, 0),
        (None, 0, 0),
    ] {
        let what = format!("{prefix:?} {limit} {offset}");
        let query = || GetVariableKeys {
            prefix: prefix.map(str::to_owned),
            limit,
            offset,
        };
        let asked = both
            .ask(ti, async |api| api.variable_keys(query()).await)
            .await?;
        // The details of what is not understood are FastAPI's own.
        if let (Answer::Refused(theirs, _), Answer::Refused(ours, _)) = &asked {
            assert_eq!(theirs, ours, "{what}");
        } else {
            assert_eq!(asked.0, asked.1, "{what}");
        }
    }
    for key in ["x_1", "absent"] {
        both.both(key, ti, async |api| api.delete_variable(key).await)
            .await?;
    }
    for conn_id in ["shop", "none"] {
        both.both(conn_id, ti, async |api| api.connection(conn_id).await)
            .await?;
    }
    both.rows("select key, val, description, is_encrypted, team_name from variable order by key")?;
    // What each wrote, encrypted with the key that both have, the other one reads.
    Ok(())
}
