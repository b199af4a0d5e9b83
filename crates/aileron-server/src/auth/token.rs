//! What a token says.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scope {
    /// Everything a running task instance may ask.
    Execution,
    /// Starting the task instance.
    Workload,
    /// Starting a callback. Since Airflow 3.4.
    Callback,
}

impl Scope {
    /// As it stands in a token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Execution => "execution",
            Self::Workload => "workload",
            Self::Callback => "callback",
        }
    }

    /// A token without a scope is one for execution.
    pub(super) fn of(claims: &Map<String, Value>) -> Option<Self> {
        match claims.get("scope") {
            None => Some(Self::Execution),
            Some(scope) => match scope.as_str()? {
                "execution" => Some(Self::Execution),
                "workload" => Some(Self::Workload),
                "callback" => Some(Self::Callback),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A token that was found to be valid.
pub(crate) struct Token {
    /// Whose it is: a task instance, or the test of a connection.
    pub(crate) id: Uuid,
    pub(crate) scope: Scope,
    pub(super) claims: Map<String, Value>,
}

/// A token is renewed in the last fifth of its life, and always in the last half minute.
const LAST_SECONDS: i64 = 30;

impl Token {
    /// Whether the token should be replaced. Those of workloads and callbacks live long by design.
    pub(super) fn ends_soon(&self) -> bool {
        if self.scope != Scope::Execution {
            return false;
        }
        let end = self.seconds("exp");
        let life = end - self.seconds("iat");
        let left = end - Timestamp::now().as_second();
        left <= (life / 5).max(LAST_SECONDS)
    }

    pub(super) fn seconds(&self, claim: &str) -> i64 {
        let value = self.claims.get(claim);
        let number = value.and_then(|value| {
            // A claim may be written as a float; the fraction does not matter here.
            value
                .as_i64()
                .or_else(|| value.as_f64().map(|number| number as i64))
        });
        number.unwrap_or(0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("id", &self.id)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(age: i64, life: i64, scope: Scope) -> Token {
        let issued = Timestamp::now().as_second() - age;
        let Value::Object(claims) = json!({"iat": issued, "exp": issued + life}) else {
            unreachable!()
        };
        Token {
            id: Uuid::nil(),
            scope,
            claims,
        }
    }

    #[test]
    fn a_token_is_renewed_in_the_last_fifth_of_its_life() {
        assert!(!token(0, 600, Scope::Execution).ends_soon());
        assert!(!token(470, 600, Scope::Execution).ends_soon());
        assert!(token(490, 600, Scope::Execution).ends_soon());
        assert!(token(0, 25, Scope::Execution).ends_soon());
    }

    #[test]
    fn a_workload_token_is_never_renewed() {
        assert!(!token(590, 600, Scope::Workload).ends_soon());
        assert!(!token(590, 600, Scope::Callback).ends_soon());
    }
}
