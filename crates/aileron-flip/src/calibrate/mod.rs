//! How large XComs are, and which threshold follows.

mod distribution;
mod proposal;
mod sizes;

pub use distribution::{Distribution, Source};
pub use proposal::{Proposal, SHARE, Travel, is_control_flow};
pub use sizes::{Power, Sizes};
