//! State that a task keeps in Variables or in its own XComs.

mod nature;
mod variable;
mod xcom;

pub(crate) use nature::Nature;
pub(crate) use variable::{split_watermarks, variable_states};
pub(crate) use xcom::{OwnXCom, own_xcoms};
