//! Questions to people.

use aileron_wire::message::{CreateHITLDetailPayload, HITLUser, UpdateHITLDetail};
use serde_json::{Value, json};

use super::Outcome;
use crate::answer::Answer;
use crate::call::Call;
use crate::request::{Model, Place, Problems, boolean, list, map, nullable, text, uuid};

pub(super) async fn create(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = question(&body, &mut problems);
    let mut request = problems.finish(read)?;
    // The path counts, not the body.
    request.ti_id = call.token.id;
    let asked = call.api.create_hitl_detail(request).await?;
    let users = asked.assigned_users.unwrap_or_default();
    let users: Vec<_> = users
        .iter()
        .map(|user| json!({"id": user.id, "name": user.name}))
        .collect();
    let shape = json!({
        "ti_id": asked.ti_id,
        "options": asked.options,
        "subject": asked.subject,
        "body": asked.body,
        "defaults": asked.defaults,
        "multiple": asked.multiple.unwrap_or(false),
        "params": asked.params.unwrap_or_default(),
        "assigned_users": users,
    });
    Ok(Answer::text(
        axum::http::StatusCode::CREATED,
        shape.to_string(),
    ))
}

fn question(body: &Value, problems: &mut Problems) -> Option<CreateHITLDetailPayload> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let ti_id = model.required("ti_id", problems, uuid);
    let options = model.required("options", problems, some_texts);
    let subject = model.required("subject", problems, text);
    let text_body = model.optional("body", problems, nullable(text));
    let defaults = model.optional("defaults", problems, nullable(list(text)));
    let multiple = model.optional("multiple", problems, boolean);
    let params = model.optional("params", problems, map);
    let assigned_users = model.optional("assigned_users", problems, list(user));
    let mut request = CreateHITLDetailPayload::new(ti_id?, options?, subject?);
    request.body = text_body?.flatten();
    request.defaults = defaults?.flatten();
    request.multiple = multiple?;
    request.params = params?;
    request.assigned_users = assigned_users?;
    Some(request)
}

fn user(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<HITLUser> {
    let mut model = Model::of(value, *place, problems)?;
    let id = model.required("id", problems, text);
    let name = model.required("name", problems, text);
    Some(HITLUser {
        id: id?,
        name: name?,
    })
}

fn some_texts(value: &Value, place: &Place<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let texts = list(text)(value, place, problems)?;
    if texts.is_empty() {
        return problems.add_with(
            "too_short",
            place,
            "List should have at least 1 item after validation, not 0",
            value,
            json!({"field_type": "List", "min_length": 1, "actual_length": 0}),
        );
    }
    Some(texts)
}

pub(super) async fn update(call: &Call) -> Outcome {
    let body = call.body.required()?;
    let mut problems = Problems::default();
    let read = reply(&body, &mut problems);
    let mut request = problems.finish(read)?;
    request.ti_id = call.token.id;
    let answered = call.api.update_hitl_detail(request).await?;
    Ok(Answer::json(&Value::Object(answered)))
}

fn reply(body: &Value, problems: &mut Problems) -> Option<UpdateHITLDetail> {
    let mut model = Model::of(body, Place::part("body"), problems)?;
    let ti_id = model.required("ti_id", problems, uuid);
    let chosen = model.required("chosen_options", problems, some_texts);
    let params = model.optional("params_input", problems, map);
    let mut request = UpdateHITLDetail::new(ti_id?, chosen?);
    request.params_input = params?;
    Some(request)
}

pub(super) async fn get(call: &Call) -> Outcome {
    let answered = call.api.hitl_detail(call.token.id).await?;
    Ok(Answer::json(&Value::Object(answered)))
}
