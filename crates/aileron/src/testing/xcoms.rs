//! The XComs of the Airflow in memory.

use std::collections::{BTreeMap, HashMap};

use aileron_wire::message::{
    ErrorType, GetXCom, GetXComCount, GetXComSequenceItem, GetXComSequenceSlice, SetXCom,
    XComCountResponse, XComResult, XComSequenceIndexResult, XComSequenceSliceResult,
};
use serde_json::Value;

use super::{encode, refusal};
use crate::comm::CommError;

/// The map index of a task that is not mapped.
pub(super) const NOT_MAPPED: i64 = -1;

/// XComs by task and key. Dags and runs are not told apart.
#[derive(Debug, Default)]
pub(super) struct Xcoms {
    rows: HashMap<(String, String), BTreeMap<i64, Value>>,
    lengths: HashMap<(String, String), i64>,
}

type Encoded = Result<Vec<u8>, CommError>;

impl Xcoms {
    pub(super) fn insert(&mut self, task_id: &str, key: &str, map_index: i64, value: Value) {
        self.rows
            .entry((task_id.to_owned(), key.to_owned()))
            .or_default()
            .insert(map_index, value);
    }

    /// Replaces what the instances of a mapped task pushed.
    pub(super) fn insert_mapped(&mut self, task_id: &str, key: &str, values: Vec<Value>) {
        let rows = (0..).zip(values).collect();
        self.rows.insert((task_id.to_owned(), key.to_owned()), rows);
    }

    pub(super) fn value(&self, task_id: &str, key: &str) -> Option<&Value> {
        self.row(task_id, key, NOT_MAPPED)
    }

    pub(super) fn length(&self, task_id: &str, key: &str) -> Option<i64> {
        self.lengths
            .get(&(task_id.to_owned(), key.to_owned()))
            .copied()
    }

    fn row(&self, task_id: &str, key: &str, map_index: i64) -> Option<&Value> {
        self.rows
            .get(&(task_id.to_owned(), key.to_owned()))?
            .get(&map_index)
    }

    /// What is stored under a key, by map index.
    fn sequence(&self, task_id: &str, key: &str) -> Vec<&Value> {
        self.rows
            .get(&(task_id.to_owned(), key.to_owned()))
            .map(|rows| rows.values().collect())
            .unwrap_or_default()
    }

    /// A missing one is a null, as in Airflow.
    pub(super) fn get(&self, get: GetXCom) -> Encoded {
        let value = self.row(&get.task_id, &get.key, get.map_index.unwrap_or(NOT_MAPPED));
        encode(&XComResult {
            value: value.cloned(),
            key: get.key,
        })
    }

    pub(super) fn count(&self, get: &GetXComCount) -> Encoded {
        let len = self.sequence(&get.task_id, &get.key).len();
        encode(&XComCountResponse {
            len: i64::try_from(len).unwrap_or(i64::MAX),
        })
    }

    pub(super) fn item(&self, get: &GetXComSequenceItem) -> Encoded {
        let values = self.sequence(&get.task_id, &get.key);
        let from_start = match usize::try_from(get.offset) {
            Ok(position) => Some(position),
            Err(_) => usize::try_from(get.offset.unsigned_abs())
                .ok()
                .and_then(|back| values.len().checked_sub(back)),
        };
        match from_start.and_then(|position| values.get(position)) {
            Some(root) => encode(&XComSequenceIndexResult { root: *root }),
            None => encode(&refusal(ErrorType::XComNotFound)),
        }
    }

    /// The SDK asks for slices forwards and from the start only.
    pub(super) fn slice(&self, get: &GetXComSequenceSlice) -> Encoded {
        let position = |given: Option<i64>, default| {
            given.map_or(default, |n| usize::try_from(n).unwrap_or(0))
        };
        let start = position(get.start, 0);
        let stop = position(get.stop, usize::MAX);
        let root = self
            .sequence(&get.task_id, &get.key)
            .into_iter()
            .take(stop)
            .skip(start)
            .step_by(position(get.step, 1).max(1))
            .collect();
        encode(&XComSequenceSliceResult { root })
    }

    pub(super) fn set(&mut self, set: SetXCom) {
        let place = (set.task_id, set.key);
        if let Some(length) = set.mapped_length {
            self.lengths.insert(place.clone(), length);
        }
        self.rows
            .entry(place)
            .or_default()
            .insert(set.map_index.unwrap_or(NOT_MAPPED), set.value);
    }

    pub(super) fn delete(&mut self, task_id: String, key: String, map_index: Option<i64>) {
        if let Some(rows) = self.rows.get_mut(&(task_id, key)) {
            rows.remove(&map_index.unwrap_or(NOT_MAPPED));
        }
    }
}
