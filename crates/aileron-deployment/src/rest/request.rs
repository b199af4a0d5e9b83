//! One request.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Login, RestApi};
use crate::{Failure, scrub};

/// What stands for itself in a path; a slash of an id does not.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How much of an answer that explains nothing is shown, in characters.
const SHOWN: usize = 200;

/// An id as a part of a path.
pub(super) fn part(id: &str) -> String {
    utf8_percent_encode(id, PATH).to_string()
}

impl RestApi {
    /// Asks for something. `path` begins behind the server's URL; its parts are encoded already.
    ///
    /// # Errors
    /// [`Failure::Api`], with what the server said.
    pub async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Failure> {
        let body = self.ask(Method::GET, path, query, None).await?;
        self.read(path, &body)
    }

    /// Sends something, `DELETE` or `PUT` for instance, and returns the body of the answer.
    ///
    /// # Errors
    /// [`Failure::Api`], with what the server said.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<Vec<u8>, Failure> {
        let (status, answer) = self.answer(method, path, query, body).await?;
        match status.is_success() {
            true => Ok(answer),
            false => Err(self.refused(path, status, &answer)),
        }
    }

    /// The answer, whatever its status.
    pub(super) async fn answer(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<(StatusCode, Vec<u8>), Failure> {
        let mut url = format!("{}{path}", self.0.base);
        for (at, (name, value)) in query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={}", part(value)));
        }
        let mut request = self.0.http.request(method, url);
        request = match &self.0.login {
            Login::Token(token) => request.bearer_auth(token),
            Login::Basic { user, password } => request.basic_auth(user, Some(password)),
            Login::Nobody => request,
        };
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let lost = |error: reqwest::Error| self.problem(chain(&error.without_url()));
        let answer = request.send().await.map_err(lost)?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(lost)?;
        Ok((status, body.to_vec()))
    }

    pub(super) fn read<T: DeserializeOwned>(&self, path: &str, body: &[u8]) -> Result<T, Failure> {
        serde_json::from_slice(body).map_err(|error| {
            self.problem(format!("the answer to {path} is not as expected: {error}"))
        })
    }

    pub(super) fn problem(&self, problem: impl Into<String>) -> Failure {
        Failure::Api {
            server: self.name().to_owned(),
            problem: problem.into(),
        }
    }

    /// What a server says when it does not do what it was asked for.
    pub(super) fn refused(&self, path: &str, status: StatusCode, body: &[u8]) -> Failure {
        let said = match serde_json::from_slice::<Value>(body) {
            Ok(Value::Object(fields)) => fields.get("detail").map(|detail| match detail {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            }),
            _ => None,
        };
        let said =
            said.unwrap_or_else(|| String::from_utf8_lossy(body).chars().take(SHOWN).collect());
        let hint = match status {
            StatusCode::UNAUTHORIZED if matches!(self.0.login, Login::Nobody) => {
                "; AILERON_API_TOKEN is where a token belongs"
            }
            StatusCode::UNAUTHORIZED => "; the token is not valid, or not any more",
            StatusCode::FORBIDDEN => {
                "; the token is not valid, or whoever it is of may not do that"
            }
            _ if status.is_redirection() => {
                "; it leads elsewhere, to a page for people to log in perhaps"
            }
            _ => "",
        };
        self.problem(format!("{status} for {path}: {}{hint}", scrub(said.trim())))
    }
}

/// An error with what it comes from.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}
