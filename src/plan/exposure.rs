//! After the plan: placeholder.

use crate::model::Data;
use la_arena::Idx;

/// x
#[derive(Clone, Debug)]
pub struct Exposure {
    /// d
    pub data: Idx<Data>,
}
/// x
#[derive(Clone, Debug)]
pub struct Second;
/// x
pub fn expose(_: super::Estate<'_>, _: &mut super::Plan) {}
