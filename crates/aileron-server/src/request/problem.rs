//! What is wrong, and where.

use serde_json::{Map, Value, json};

use crate::refusal::Refusal;

/// Where a value stands: `body`, `tasks`, 2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    outer: Option<&'a Place<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Place<'a> {
    /// A part of the request: `body`, `query`, `path`.
    pub(crate) fn part(name: &'a str) -> Self {
        Self {
            outer: None,
            step: Step::Key(name),
        }
    }

    pub(crate) fn key<'b>(&'b self, name: &'b str) -> Place<'b> {
        Place {
            outer: Some(self),
            step: Step::Key(name),
        }
    }

    pub(crate) fn index(&self, index: usize) -> Place<'_> {
        Place {
            outer: Some(self),
            step: Step::Index(index),
        }
    }

    fn write(&self, steps: &mut Vec<Value>) {
        if let Some(outer) = self.outer {
            outer.write(steps);
        }
        steps.push(match self.step {
            Step::Key(name) => name.into(),
            Step::Index(index) => index.into(),
        });
    }

    fn steps(&self) -> Value {
        let mut steps = Vec::new();
        self.write(&mut steps);
        Value::Array(steps)
    }
}

/// Everything that is wrong with a request, in the order it was found.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Value>);

impl Problems {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a problem, and is `None` so that a reader can end with it.
    pub(crate) fn add<T>(
        &mut self,
        kind: &str,
        place: &Place<'_>,
        message: impl Into<String>,
        input: &Value,
    ) -> Option<T> {
        self.0.push(json!({
            "type": kind, "loc": place.steps(), "msg": message.into(), "input": input,
        }));
        None
    }

    /// Adds a problem with the values of its message.
    pub(crate) fn add_with<T>(
        &mut self,
        kind: &str,
        place: &Place<'_>,
        message: impl Into<String>,
        input: &Value,
        context: Value,
    ) -> Option<T> {
        let mut problem = Map::new();
        problem.insert("type".into(), kind.into());
        problem.insert("loc".into(), place.steps());
        problem.insert("msg".into(), message.into().into());
        problem.insert("input".into(), input.clone());
        problem.insert("ctx".into(), context);
        self.0.push(Value::Object(problem));
        None
    }

    /// Something that must be there is not.
    pub(crate) fn missing<T>(&mut self, place: &Place<'_>, input: &Value) -> Option<T> {
        self.add("missing", place, "Field required", input)
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// What was read, when nothing is wrong.
    pub(crate) fn finish<T>(self, read: Option<T>) -> Result<T, Refusal> {
        match read {
            Some(read) if self.0.is_empty() => Ok(read),
            _ => Err(Refusal::invalid(self.0)),
        }
    }
}
