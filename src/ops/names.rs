//! Names that generated files can bear: short, plain and unique.

use crate::base::EcoString;
use std::collections::BTreeSet;

/// Hands out names. The same requests in the same order give the same names.
#[derive(Debug, Default)]
pub struct NameTable {
    taken: BTreeSet<EcoString>,
}

/// Longest name: with a prefix and a suffix it still fits Bacula's 127 characters.
const LONGEST: usize = 60;

impl NameTable {
    /// A name made of `parts`, with every character but lower-case letters, digits and hyphens
    /// replaced, and a number behind it when it is taken.
    pub fn unique(&mut self, parts: &[&str]) -> EcoString {
        let mut base = String::new();
        for c in parts.join("-").chars() {
            match c {
                'a'..='z' | '0'..='9' => base.push(c),
                'A'..='Z' => base.push(c.to_ascii_lowercase()),
                _ if base.ends_with('-') || base.is_empty() => {}
                _ => base.push('-'),
            }
        }
        base.truncate(LONGEST);
        let base = base.trim_end_matches('-');
        let mut name = EcoString::from(if base.is_empty() { "x" } else { base });
        let mut number = 2;
        while !self.taken.insert(name.clone()) {
            let tail = format!("-{number}");
            let keep = base.len().min(LONGEST - tail.len());
            name = EcoString::from(format!("{}{tail}", base.get(..keep).unwrap_or("x")));
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_short_and_unique() {
        let mut table = NameTable::default();
        assert_eq!(table.unique(&["Orders", "vault_a"]), "orders-vault-a");
        assert_eq!(table.unique(&["orders", "vault-a"]), "orders-vault-a-2");
        let long = "x".repeat(300);
        assert_eq!(table.unique(&[&long]).len(), 60);
        assert_eq!(table.unique(&[&long]).len(), 60);
    }
}
