//! Asking a person (human in the loop).

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{defaults, message};
use crate::json::{JsonMap, free_form};

/// Asks a person a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct CreateHITLDetailPayload {
    /// The task instance.
    pub ti_id: Uuid,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// The question.
    pub subject: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The answers that count when time is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Vec<String>>,
    /// Whether more than one answer may be chosen.
    #[serde(default = "defaults::some_false")]
    pub multiple: Option<bool>,
    /// A form to fill in.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub params: Option<JsonMap>,
    /// Who may answer; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_users: Option<Vec<HITLUser>>,
}

impl CreateHITLDetailPayload {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(ti_id: Uuid, options: Vec<String>, subject: impl Into<String>) -> Self {
        Self {
            ti_id,
            options,
            subject: subject.into(),
            body: None,
            defaults: None,
            multiple: defaults::some_false(),
            params: None,
            assigned_users: None,
        }
    }
}

message!(CreateHITLDetailPayload);

/// The question as it was stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct HITLDetailRequestResult {
    /// The task instance.
    pub ti_id: Uuid,
    /// The answers to choose from.
    pub options: Vec<String>,
    /// The question.
    pub subject: String,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The answers that count when time is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub defaults: Option<Vec<String>>,
    /// Whether more than one answer may be chosen.
    #[serde(default = "defaults::some_false")]
    pub multiple: Option<bool>,
    /// A form to fill in.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub params: Option<JsonMap>,
    /// Who may answer; everybody when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_users: Option<Vec<HITLUser>>,
}

impl HITLDetailRequestResult {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(ti_id: Uuid, options: Vec<String>, subject: impl Into<String>) -> Self {
        Self {
            ti_id,
            options,
            subject: subject.into(),
            body: None,
            defaults: None,
            multiple: defaults::some_false(),
            params: None,
            assigned_users: None,
        }
    }
}

message!(HITLDetailRequestResult);

/// A person who may answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HITLUser {
    /// The id of the user.
    pub id: String,
    /// The name of the user.
    pub name: String,
}

/// Asks for the answer of a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct GetHITLDetailResponse {
    /// The task instance.
    pub ti_id: Uuid,
}

message!(GetHITLDetailResponse);

/// Stores an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub struct UpdateHITLDetail {
    /// The task instance.
    pub ti_id: Uuid,
    /// The chosen answers.
    pub chosen_options: Vec<String>,
    /// The form as it was filled in.
    #[serde(
        deserialize_with = "free_form",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub params_input: Option<JsonMap>,
}

impl UpdateHITLDetail {
    /// Sets what is required; everything else has its default.
    #[must_use]
    pub fn new(ti_id: Uuid, chosen_options: Vec<String>) -> Self {
        Self {
            ti_id,
            chosen_options,
            params_input: None,
        }
    }
}

message!(UpdateHITLDetail);
