//! Reading the parts of a request, and saying what is wrong with them.
//!
//! The lists of problems are those of pydantic: its types, its messages, its order. Airflow's
//! clients show them to people, and tell some of them apart.

mod body;
mod duration;
mod instant;
mod json_error;
mod model;
mod problem;
mod query;
mod scalar;

pub(crate) use body::{Body, Payload};
pub(crate) use duration::duration;
pub(crate) use instant::{date_problem, instant};
pub(crate) use model::{Model, list, map};
pub(crate) use problem::{Place, Problems};
pub(crate) use query::Query;
pub(crate) use scalar::{boolean, float, integer, literal, nullable, one_of, text, uuid};
