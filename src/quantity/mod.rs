//! Exact quantities: integers in base units, and rationals for the arithmetic of specs.
//!
//! Nothing here is a floating-point number. Where a result is not whole it is rounded against the
//! user, and the name of the function says which way.

mod base;
mod expr;
pub mod money;
pub mod show;
pub mod unit;

pub use base::{Bytes, Duration, Rate, Ratio, time_to_move};
pub use expr::{Dim, Quantity, QuantityError};
pub use money::{Cost, Currency, Money, Penalty, Per};
pub use unit::Unit;
