//! The rows, one file for each part of the language.

mod contracts;
mod data;
mod estate;
mod running;

use super::{Attribute, KindDef, Type};

/// The blocks that may stand at the top of a file. Regions, sites and their contents may stand
/// inside one another or, naming where they belong, at the top.
pub static TOP: &[&KindDef] = &[
    &estate::CONDUIT,
    &estate::RACK,
    &estate::POWER,
    &estate::CHASSIS,
    &estate::CREDENTIALS,
    &estate::REGION,
    &estate::SITE,
    &estate::LINK,
    &estate::MEDIUM,
    &running::ENGINE,
    &running::CLUSTER,
    &running::POOL,
    &running::VIP,
    &running::DNS,
    &running::SERVICE,
    &running::BACKUP_SERVER,
    &data::DATA,
    &contracts::TIER,
    &contracts::RESPONSE,
    &contracts::SCENARIO,
    &contracts::BUDGET,
];

/// The kind of block at the top of a file that begins with that word.
pub fn by_keyword(keyword: &str) -> Option<&'static KindDef> {
    TOP.iter().copied().find(|k| k.keyword == keyword)
}

/// How likely the loss of a thing is.
const LIKELIHOOD: Attribute = may(
    "likelihood",
    Type::Likelihood,
    "How likely its loss is in a year, from 0 to 1: `drc cost` counts it.",
);

const fn must(name: &'static str, ty: Type, doc: &'static str) -> Attribute {
    Attribute { name, ty, required: true, doc }
}

const fn may(name: &'static str, ty: Type, doc: &'static str) -> Attribute {
    Attribute { name, ty, required: false, doc }
}
