//! Questions to people.

use aileron_execution_api::{ErrorKind, ExecutionApi as _};
use aileron_wire::message::{CreateHITLDetailPayload, UpdateHITLDetail};
use serde_json::json;

use crate::run::{kind, on_every_version};

#[test]
fn a_person_is_asked_and_answered_for() {
    on_every_version(|run| async move {
        let client = run.started("two").await;
        let options = vec!["Yes".to_owned(), "No".to_owned()];
        let mut question = CreateHITLDetailPayload::new(client.ti_id(), options.clone(), "Sure?");
        question.params = json!({"why": {"value": ""}}).as_object().cloned();
        let asked = client.create_hitl_detail(question.clone()).await.unwrap();
        assert_eq!((asked.options, asked.subject.as_str()), (options, "Sure?"));
        client.create_hitl_detail(question).await.unwrap();
        let waiting = client.hitl_detail(client.ti_id()).await.unwrap();
        assert_eq!(waiting["response_received"], json!(false));
        let answer = UpdateHITLDetail::new(client.ti_id(), vec!["Yes".to_owned()]);
        let stored = client.update_hitl_detail(answer.clone()).await.unwrap();
        assert_eq!(stored["chosen_options"], json!(["Yes"]));
        assert_eq!(
            kind(client.update_hitl_detail(answer).await),
            ErrorKind::Conflict
        );
        let stored = client.hitl_detail(client.ti_id()).await.unwrap();
        assert_eq!(stored["response_received"], json!(true));
    });
}
