//! Rendered template fields and labels.

use aileron_wire::json::JsonMap;
use uuid::Uuid;

use crate::database::Database;
use crate::failure::Failure;

pub(crate) async fn set_fields(
    _database: &Database,
    _ti_id: Uuid,
    _fields: JsonMap,
) -> Result<(), Failure> {
    Err(Failure::unsupported("rendered fields"))
}

pub(crate) async fn set_map_index(
    _database: &Database,
    _ti_id: Uuid,
    _label: String,
) -> Result<(), Failure> {
    Err(Failure::unsupported("rendered map indexes"))
}
