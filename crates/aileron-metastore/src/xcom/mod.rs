//! XComs.

use aileron_wire::json::RawJson;
use aileron_wire::message::{
    DeleteXCom, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
};

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn get(_database: &Database, _query: GetXCom) -> Result<RawJson, Failure> {
    Err(Failure::unsupported("XComs"))
}

pub(crate) async fn count(_database: &Database, _query: GetXComCount) -> Result<i64, Failure> {
    Err(Failure::unsupported("XComs"))
}

pub(crate) async fn item(
    _database: &Database,
    _query: GetXComSequenceItem,
) -> Result<RawJson, Failure> {
    Err(Failure::unsupported("XComs"))
}

pub(crate) async fn slice(
    _database: &Database,
    _query: GetXComSequenceSlice,
) -> Result<Vec<RawJson>, Failure> {
    Err(Failure::unsupported("XComs"))
}

pub(crate) async fn set(_database: &Database, _request: SetXCom<RawJson>) -> Result<(), Failure> {
    Err(Failure::unsupported("XComs"))
}

pub(crate) async fn delete(_database: &Database, _request: DeleteXCom) -> Result<(), Failure> {
    Err(Failure::unsupported("XComs"))
}
