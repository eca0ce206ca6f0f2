//! Tables that a `for` runs over.

use super::eval::Val;
use super::loader::{Loaded, beside};
use crate::base::EcoString;
use std::collections::BTreeMap;

/// The bytes of a table that the module `from` names.
pub(super) fn read(loaded: &Loaded, from: &str, path: &str) -> Result<Vec<u8>, String> {
    let Some(key) = beside(from, path) else {
        return Err("outside the folder of the spec".to_owned());
    };
    match loaded.tables.get(&key) {
        Some(Ok(bytes)) => Ok(bytes.clone()),
        Some(Err(why)) => Err(why.to_string()),
        None => Err("it was not read: the name of a table is written out".to_owned()),
    }
}

/// Rows by the names in the first line.
pub(super) fn csv(bytes: &[u8]) -> Result<Val, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|e| e.to_string())?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| e.to_string())?;
        rows.push(header.iter().zip(record.iter()).map(|(k, v)| (k.into(), v.into())).collect());
    }
    Ok(Val::Rows(rows))
}

/// An array of objects, of texts or of numbers.
pub(super) fn json(bytes: &[u8]) -> Result<Val, String> {
    use serde_json::Value;
    let text = |v: &Value| -> Result<EcoString, String> {
        match v {
            Value::String(s) => Ok(s.as_str().into()),
            Value::Number(n) => Ok(n.to_string().into()),
            Value::Bool(b) => Ok(b.to_string().into()),
            other => Err(format!("`{other}` is neither text, number nor true or false")),
        }
    };
    let value: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
    let Value::Array(items) = value else { return Err("it is no array".to_owned()) };
    if items.iter().all(Value::is_object) {
        let mut rows = Vec::new();
        for item in &items {
            let mut row: BTreeMap<EcoString, EcoString> = BTreeMap::new();
            for (key, value) in item.as_object().into_iter().flatten() {
                row.insert(key.as_str().into(), text(value)?);
            }
            rows.push(row);
        }
        return Ok(Val::Rows(rows));
    }
    items.iter().map(text).collect::<Result<Vec<_>, _>>().map(Val::Texts)
}
