//! A strict reader of what a script is told: the `readonly NAME=WORD` lines outside of its
//! functions and the programs that it hands to the other host.

use super::quote;
use std::collections::BTreeMap;
use std::fmt;

/// What a script is told, by name.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Script {
    /// Each constant with its value as bash reads it.
    pub constants: BTreeMap<String, String>,
}

/// Why a script is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ParseError {}

/// Reads the constants of a script of bash.
///
/// # Errors
/// When it is no script of bash, a constant is set twice, or its value is not one word that stands
/// for itself.
pub fn parse(text: &str) -> Result<Script, ParseError> {
    let mut script = Script::default();
    let mut here: Option<&str> = None;
    for (number, line) in (1..).zip(text.split('\n')) {
        let fail = |what: String| ParseError { line: number, what };
        if number == 1 && line != "#!/bin/bash" {
            return Err(fail("not a script of /bin/bash".into()));
        }
        if let Some(end) = here {
            if line == end {
                here = None;
            }
            continue;
        }
        if let Some((_, end)) = line.split_once("<<'").filter(|_| !line.starts_with('#')) {
            here = Some(end.strip_suffix('\'').ok_or_else(|| fail("an open here-document".into()))?);
            continue;
        }
        let Some(constant) = line.strip_prefix("readonly ") else { continue };
        let (name, value) =
            constant.split_once('=').ok_or_else(|| fail("a constant without a value".into()))?;
        let value =
            quote::read(value).ok_or_else(|| fail(format!("the value of `{name}` is not one word")))?;
        if script.constants.insert(name.to_owned(), value).is_some() {
            return Err(fail(format!("`{name}` is set twice")));
        }
    }
    match here {
        Some(end) => {
            Err(ParseError { line: text.lines().count(), what: format!("no `{end}` ends the here-document") })
        }
        None => Ok(script),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants() {
        let script = parse(
            "#!/bin/bash\nreadonly A=1\n  readonly C=3\nx <<'END'\nreadonly A=2\nEND\nreadonly B=$'\\n'\n",
        )
        .unwrap();
        let found: Vec<_> = script.constants.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(found, [("A", "1"), ("B", "\n")]);
        for bad in
            ["readonly A=1\nreadonly A=1", "readonly A=$B", "readonly A", "readonly A='1'2", "x <<'END'\n"]
        {
            assert!(parse(&format!("#!/bin/bash\n{bad}\n")).is_err(), "{bad}");
        }
        assert!(parse("#!/bin/sh\n").is_err());
    }
}
