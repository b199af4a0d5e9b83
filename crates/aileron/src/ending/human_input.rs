//! Asking a person, and the answer.

use std::fmt;
use std::time::Duration;

use aileron_wire::message::{CreateHITLDetailPayload, HITLUser};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::resume::{ResumeError, ResumeEvent, Resumed, read};
use super::{Ending, json_value};
use crate::{Error, Result};

/// A question to a person (Airflow's human in the loop). The task takes no worker while it waits.
///
/// The question stands under "required actions" in Airflow's web interface. The task goes on with the answer in one of
/// its resume handlers:
///
/// ```
/// use std::time::Duration;
/// use aileron::{HumanAnswer, HumanInput, prelude::*};
///
/// #[task(resume = [answered])]
/// async fn approve(amount: i64) -> Result<bool> {
///     Err(HumanInput::ask("Pay the invoices?")
///         .body(format!("{amount} euros in all."))
///         .options(["pay", "hold"])
///         .defaults(["hold"])
///         .param("note", "")
///         .timeout(Duration::from_secs(24 * 3600))
///         .resume(approve::answered))
/// }
///
/// async fn answered(_cx: &Context, answer: HumanAnswer) -> Result<bool> {
///     tracing::info!(note = answer.param::<String>("note")?, "answered");
///     Ok(answer.chose("pay"))
/// }
/// # fn main() {}
/// ```
///
/// When the time is over, the defaults count as the answer. Without defaults, the wait has failed
/// ([`ResumeError::Timeout`]).
///
/// Source: `airflow/providers/standard/operators/hitl.py` and `airflow/sdk/execution_time/hitl.py` of Airflow 3.3.2.
#[derive(Debug, Clone)]
#[must_use = "a question is of use as the end of a task: `Err(HumanInput::ask(..).resume(..))`"]
pub struct HumanInput {
    request: InputRequest,
    problem: Option<String>,
}

/// What a waiting task asks, and where it goes on.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct InputRequest {
    /// The question.
    pub subject: String,
    /// More about it, Markdown.
    pub body: Option<String>,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// The answers that count when the time is over.
    pub defaults: Option<Vec<String>>,
    /// Whether more than one answer may be chosen.
    pub multiple: bool,
    /// The form to fill in: an Airflow param for each field.
    pub params: Map<String, Value>,
    /// Id and name of those who may answer; everybody when empty.
    pub assigned_users: Vec<(String, String)>,
    /// How long to wait; `None`: for ever.
    pub timeout: Option<Duration>,
    /// The resume handler.
    pub next_method: String,
    /// What the handler gets beside the answer.
    pub next_kwargs: Map<String, Value>,
}

impl HumanInput {
    /// A question. It needs [`options`](Self::options).
    pub fn ask(subject: impl Into<String>) -> Self {
        Self {
            request: InputRequest {
                subject: subject.into(),
                body: None,
                options: Vec::new(),
                defaults: None,
                multiple: false,
                params: Map::new(),
                assigned_users: Vec::new(),
                timeout: None,
                next_method: String::new(),
                next_kwargs: Map::new(),
            },
            problem: None,
        }
    }

    /// More about the question, Markdown.
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.request.body = Some(body.into());
        self
    }

    /// The answers to choose from.
    pub fn options<S: Into<String>>(mut self, options: impl IntoIterator<Item = S>) -> Self {
        self.request.options = options.into_iter().map(Into::into).collect();
        self
    }

    /// The answers that count when the time is over. They are among the options.
    pub fn defaults<S: Into<String>>(mut self, defaults: impl IntoIterator<Item = S>) -> Self {
        self.request.defaults = Some(defaults.into_iter().map(Into::into).collect());
        self
    }

    /// Lets a person choose more than one answer.
    pub fn multiple(mut self) -> Self {
        self.request.multiple = true;
        self
    }

    /// A field of the form that goes with the question, with the value it shows at first.
    pub fn param(self, name: impl Into<String>, value: impl Serialize) -> Self {
        self.param_with_schema(name, value, json!({}))
    }

    /// A field of the form with a JSON schema that its value must fit, as Airflow's `Param` has it.
    pub fn param_with_schema(
        mut self,
        name: impl Into<String>,
        value: impl Serialize,
        schema: impl Into<Value>,
    ) -> Self {
        let name = name.into();
        match json_value(&value) {
            Ok(value) => {
                let param = json!({"value": value, "description": null, "schema": schema.into(), "source": "task"});
                self.request.params.insert(name, param);
            }
            Err(error) => {
                self.problem
                    .get_or_insert_with(|| format!("param `{name}` cannot be JSON: {error}"));
            }
        }
        self
    }

    /// Someone who may answer. Without any, everybody may.
    pub fn assigned_to(mut self, id: impl Into<String>, name: impl Into<String>) -> Self {
        self.request.assigned_users.push((id.into(), name.into()));
        self
    }

    /// How long to wait for an answer.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.request.timeout = Some(timeout);
        self
    }

    /// Something that the handler gets beside the answer, under this name. It is stored in Airflow's database.
    pub fn next_kwarg(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match json_value(&value) {
            Ok(_) if name == "event" => {
                self.problem
                    .get_or_insert_with(|| "`event` is the name of the answer itself".to_owned());
            }
            Ok(value) => {
                self.request.next_kwargs.insert(name, value);
            }
            Err(error) => {
                self.problem
                    .get_or_insert_with(|| format!("`{name}` cannot be JSON: {error}"));
            }
        }
        self
    }

    /// The error that makes the task wait, to go on in this handler of it.
    ///
    /// A question that makes no sense (no options, a default that is no option) makes it a failure that says so.
    #[must_use = "return it: `Err(question.resume(..))`"]
    pub fn resume(mut self, handler: impl Into<String>) -> Error {
        if let Some(problem) = self.problem.take().or_else(|| self.request.problem()) {
            return Error::no_retry(format!(
                "the question {:?} cannot be asked: {problem}",
                self.request.subject
            ));
        }
        self.request.next_method = handler.into();
        Error::msg(format_args!(
            "waiting for an answer to {:?}, to go on in `{}`",
            self.request.subject, self.request.next_method
        ))
        .with_ending(Ending::AwaitInput(Box::new(self.request)))
    }
}

impl InputRequest {
    /// What Airflow's own operator refuses as well (3.3.2, `HITLOperator`).
    fn problem(&self) -> Option<String> {
        if self.options.is_empty() {
            return Some("it has no options to choose from".to_owned());
        }
        if self.params.contains_key("_options") {
            return Some("`_options` is not a name for a param".to_owned());
        }
        let defaults = self.defaults.as_deref().unwrap_or_default();
        if let Some(other) = defaults.iter().find(|text| !self.options.contains(text)) {
            return Some(format!("its default {other:?} is not one of its options"));
        }
        if defaults.len() > 1 && !self.multiple {
            return Some("it has several defaults, but one answer at most".to_owned());
        }
        None
    }

    pub(crate) fn detail(&self, ti_id: Uuid) -> CreateHITLDetailPayload {
        let mut detail =
            CreateHITLDetailPayload::new(ti_id, self.options.clone(), self.subject.clone());
        detail.body.clone_from(&self.body);
        detail.defaults.clone_from(&self.defaults);
        detail.multiple = Some(self.multiple);
        // Airflow 3.3.2 fails on a null in either of these two.
        detail.params = Some(self.params.clone());
        let users = self.assigned_users.iter().cloned();
        detail.assigned_users = Some(users.map(|(id, name)| HITLUser { id, name }).collect());
        detail
    }
}

impl fmt::Debug for InputRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InputRequest")
            .field("subject", &self.subject)
            .field("options", &self.options)
            .field("next_method", &self.next_method)
            .finish_non_exhaustive()
    }
}

/// What a person answered.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct HumanAnswer {
    /// The answers that were chosen.
    pub chosen_options: Vec<String>,
    /// The form as it was filled in.
    pub params_input: Map<String, Value>,
    /// When.
    pub responded_at: Option<Timestamp>,
    /// Who; absent when the time was over and the defaults count.
    pub responded_by: Option<AnsweredBy>,
    /// Whether the time was over and the defaults count.
    pub timed_out: bool,
    /// What the task had left for the handler.
    pub next_kwargs: Map<String, Value>,
}

/// The person who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnsweredBy {
    /// The user's id.
    pub id: String,
    /// The user's name.
    pub name: String,
}

impl HumanAnswer {
    /// An answer with these options chosen. For unit tests of handlers; on Airflow the runtime makes it.
    pub fn choosing<S: Into<String>>(options: impl IntoIterator<Item = S>) -> Self {
        Self {
            chosen_options: options.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }

    /// Whether that option is among the chosen ones.
    pub fn chose(&self, option: &str) -> bool {
        self.chosen_options.iter().any(|chosen| chosen == option)
    }

    /// A field of the form.
    ///
    /// # Errors
    /// When there is no such field, or it does not fit `T`; not worth a retry.
    pub fn param<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        field(&self.params_input, name, "param")
    }

    /// What the task left for the handler under that name ([`HumanInput::next_kwarg`]).
    ///
    /// # Errors
    /// When there is nothing of that name, or it does not fit `T`; not worth a retry.
    pub fn next_kwarg<T: DeserializeOwned>(&self, name: &str) -> Result<T> {
        field(&self.next_kwargs, name, "value")
    }

    fn read(event: super::TriggerEvent) -> Result<Result<Self, ResumeError>> {
        let Value::Object(mut fields) = event.payload else {
            return Err(Error::no_retry(
                "Airflow resumed the task with something that is not the answer of a person",
            ));
        };
        if let Some(error) = fields.get("error") {
            let message = error.as_str().map_or(error.to_string(), str::to_owned);
            return Ok(Err(
                match fields.get("error_type").and_then(Value::as_str) {
                    Some("timeout") => ResumeError::Timeout { message },
                    _ => ResumeError::Failed {
                        message,
                        traceback: Vec::new(),
                    },
                },
            ));
        }
        let chosen = fields.remove("chosen_options").unwrap_or(Value::Null);
        let params_input = match fields.remove("params_input") {
            Some(Value::Object(input)) => input,
            _ => Map::new(),
        };
        Ok(Ok(Self {
            chosen_options: read(&chosen, "the chosen options of the answer")?,
            params_input,
            responded_at: match fields.get("responded_at") {
                Some(at) => read(at, "the time of the answer")?,
                None => None,
            },
            responded_by: fields.get("responded_by_user").and_then(user),
            timed_out: fields.get("timedout") == Some(&Value::Bool(true)),
            next_kwargs: event.next_kwargs,
        }))
    }
}

fn field<T: DeserializeOwned>(fields: &Map<String, Value>, name: &str, what: &str) -> Result<T> {
    let value = fields.get(name).ok_or_else(|| {
        Error::no_retry(format!(
            "the answer has no {what} `{name}`; it has {}",
            crate::context::list(fields.keys())
        ))
    })?;
    read(value, &format!("{what} `{name}` of the answer"))
}

fn user(value: &Value) -> Option<AnsweredBy> {
    // A Python object of its own class may be wrapped.
    let fields = value.get("__data__").unwrap_or(value);
    Some(AnsweredBy {
        id: fields.get("id")?.as_str()?.to_owned(),
        name: fields.get("name")?.as_str()?.to_owned(),
    })
}

impl ResumeEvent for HumanAnswer {
    const TAKES_FAILURES: bool = false;
    fn from_resumed(resumed: Resumed) -> Result<Self> {
        Ok(Self::read(resumed.0?)??)
    }
}

impl ResumeEvent for Result<HumanAnswer, ResumeError> {
    const TAKES_FAILURES: bool = true;
    fn from_resumed(resumed: Resumed) -> Result<Self> {
        match resumed.0 {
            Ok(event) => HumanAnswer::read(event),
            Err(error) => Ok(Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TriggerEvent;

    fn problem(question: HumanInput) -> String {
        let error = question.resume("h");
        assert_eq!(error.ending(), &Ending::NoRetry, "{error}");
        error.to_string()
    }

    #[test]
    fn a_question_that_makes_no_sense_is_refused_before_it_is_asked() {
        let ask = || HumanInput::ask("Go on?");
        assert!(problem(ask()).contains("no options"));
        assert!(problem(ask().options(["a"]).defaults(["b"])).contains("\"b\""));
        assert!(problem(ask().options(["a", "b"]).defaults(["a", "b"])).contains("several"));
        assert!(problem(ask().options(["a"]).param("_options", 1)).contains("_options"));
        assert!(problem(ask().options(["a"]).param("x", f64::NAN)).contains("`x`"));
        let fine = ask()
            .options(["a", "b"])
            .multiple()
            .defaults(["a", "b"])
            .resume("h");
        assert!(matches!(fine.ending(), Ending::AwaitInput(_)));
    }

    #[test]
    fn an_answer_is_read_as_airflow_writes_it() {
        let event = TriggerEvent::new(json!({
            "chosen_options": ["pay"], "params_input": {"note": "ok"},
            "responded_at": {"__classname__": "pendulum.datetime.DateTime", "__version__": 2,
                "__data__": {"timestamp": 1795155008.092935, "tz": null}},
            "responded_by_user": {"id": "7", "name": "ada"}, "timedout": false,
        }))
        .with_next_kwarg("amount", 5);
        let answer = HumanAnswer::from_resumed(Resumed(Ok(event))).unwrap();
        assert!(answer.chose("pay") && !answer.chose("hold") && !answer.timed_out);
        assert_eq!(answer.param::<String>("note").unwrap(), "ok");
        assert_eq!(answer.next_kwarg::<i64>("amount").unwrap(), 5);
        let at: Timestamp = "2026-11-20T06:10:08.092935Z".parse().unwrap();
        assert_eq!(answer.responded_at, Some(at));
        assert_eq!(answer.responded_by.as_ref().unwrap().name, "ada");
        assert!(answer.param::<i64>("note").is_err());
        assert!(answer.param::<i64>("other").is_err());
    }

    #[test]
    fn a_question_without_an_answer_in_time_is_a_timeout() {
        let event = TriggerEvent::new(json!({"error": "too late", "error_type": "timeout"}));
        let resumed = Resumed(Ok(event));
        let taken: Result<HumanAnswer, ResumeError> =
            ResumeEvent::from_resumed(resumed.clone()).unwrap();
        assert!(matches!(taken, Err(ResumeError::Timeout { .. })));
        assert!(HumanAnswer::from_resumed(resumed).unwrap_err().may_retry());
    }
}
