//! State that a task keeps in Variables or in its own XComs.

mod nature;
mod variable;
mod xcom;

pub(crate) use nature::{Nature, is_time};
pub(crate) use variable::{VariableState, split_watermarks, variable_states};
pub(crate) use xcom::{OwnXCom, own_xcoms};
