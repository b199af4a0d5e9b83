//! One request.

use serde_json::Value;

/// One request. `{one}` in its path stands for the id of the task instance `one`.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) body: Content,
    pub(crate) who: Who,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What is in the body.
#[derive(Debug, Clone)]
pub(crate) enum Content {
    Nothing,
    Json(Value),
    /// Text with a content type.
    Text(&'static str, String),
}

/// Whose token goes with it.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// That of a task instance.
    Task(&'static str),
    /// That with which an executor starts it.
    Workload(&'static str),
    /// That with which an executor starts a callback.
    Callback(&'static str),
    /// That of an id that no task instance has.
    Stranger,
    /// This text.
    Text(&'static str),
    /// A token of task `one` that ends in this many seconds.
    Ending(u64),
    Nobody,
}

impl Asked {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            body: Content::Nothing,
            who: Who::Task("one"),
            headers: Vec::new(),
        }
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Content::Json(body);
        self
    }

    pub(crate) fn text(mut self, content_type: &'static str, text: impl Into<String>) -> Self {
        self.body = Content::Text(content_type, text.into());
        self
    }

    pub(crate) fn by(mut self, who: Who) -> Self {
        self.who = who;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn version(self, version: &str) -> Self {
        self.header("airflow-api-version", version)
    }

    /// The name in the list of differences.
    pub(crate) fn name(&self) -> String {
        let body = match &self.body {
            Content::Nothing => String::new(),
            Content::Json(value) => format!(" {value}"),
            Content::Text(kind, text) => format!(" {kind} {text:?}"),
        };
        let who = match &self.who {
            Who::Task("one") => String::new(),
            who => format!(" by {who:?}"),
        };
        let headers: String = self
            .headers
            .iter()
            .map(|(name, value)| format!(" {name}={value}"))
            .collect();
        format!("{} {}{body}{who}{headers}", self.method, self.path)
    }
}

/// Requests without bodies.
pub(crate) fn gets<const N: usize>(paths: [&str; N]) -> Vec<Asked> {
    paths
        .into_iter()
        .map(|path| Asked::new("GET", path))
        .collect()
}
