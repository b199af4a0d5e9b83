//! Variables.

use aileron_wire::message::{GetVariableKeys, PutVariable, VariableKeysResult, VariableResponse};

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(_database: &Database, _key: &str) -> Result<VariableResponse, Failure> {
    Err(Failure::unsupported("Variables"))
}

pub(crate) async fn keys(
    _database: &Database,
    _query: GetVariableKeys,
) -> Result<VariableKeysResult, Failure> {
    Err(Failure::unsupported("Variables"))
}

pub(crate) async fn put(_database: &Database, _request: PutVariable) -> Result<(), Failure> {
    Err(Failure::unsupported("Variables"))
}

pub(crate) async fn delete(_database: &Database, _key: &str) -> Result<(), Failure> {
    Err(Failure::unsupported("Variables"))
}
