use aileron_execution_api::ExecutionApi as _;
use aileron_wire::message::{CreateHITLDetailPayload, UpdateHITLDetail};
use serde_json::json;
use uuid::Uuid;

use crate::fixture::{Fixture, refusal, ti};

#[tokio::test]
async fn a_question_is_asked_once_answered_once_and_asked_again_without_its_answer() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let id = api.ti_id();
    assert_eq!(
        refusal(api.hitl_detail(id).await),
        (404, "not_found".into())
    );
    let mut question = CreateHITLDetailPayload::new(id, vec!["yes".into(), "no".into()], "Go on?");
    let asked = api.create_hitl_detail(question.clone()).await.unwrap();
    assert_eq!((asked.defaults, asked.multiple), (None, Some(false)));
    question.subject = "Something else?".into();
    let asked = api.create_hitl_detail(question.clone()).await.unwrap();
    assert_eq!(asked.subject, "Go on?");

    let mut answer = UpdateHITLDetail::new(id, vec!["yes".into()]);
    answer.params_input = json!({"n": 1}).as_object().cloned();
    let answered = api.update_hitl_detail(answer.clone()).await.unwrap();
    assert_eq!(answered["chosen_options"], json!(["yes"]));
    assert_eq!(api.hitl_detail(id).await.unwrap(), answered);
    let again = api.update_hitl_detail(answer).await.unwrap_err();
    assert_eq!(again.status, Some(409));

    api.create_hitl_detail(question).await.unwrap();
    let detail = api.hitl_detail(id).await.unwrap();
    assert_eq!(detail["response_received"], false);
    assert_eq!(
        (&detail["chosen_options"], &detail["params_input"]),
        (&json!([]), &json!({}))
    );
}

#[tokio::test]
async fn nobody_speaks_for_another_and_nothing_is_asked_of_nobody() {
    let fixture = Fixture::new().await;
    let api = fixture.task(2, "a", -1);
    let other = ti(2, "m", 0);
    let question = |id, options| CreateHITLDetailPayload::new(id, options, "?");
    let one = || vec!["yes".to_owned()];
    assert_eq!(
        refusal(api.create_hitl_detail(question(other, one())).await).0,
        403
    );
    assert_eq!(refusal(api.hitl_detail(other).await).0, 403);
    let answer = UpdateHITLDetail::new(other, one());
    assert_eq!(refusal(api.update_hitl_detail(answer).await).0, 403);
    let unasked = UpdateHITLDetail::new(api.ti_id(), one());
    assert_eq!(refusal(api.update_hitl_detail(unasked).await).0, 404);
    assert_eq!(
        refusal(api.create_hitl_detail(question(api.ti_id(), vec![])).await).0,
        422
    );
    let nobody = Uuid::from_u128(1);
    let result = fixture
        .store
        .task(nobody)
        .create_hitl_detail(question(nobody, one()))
        .await;
    assert_eq!(refusal(result), (404, "not_found".into()));
}
