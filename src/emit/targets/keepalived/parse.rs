//! Keepalived's language: lines of words, some of which open a block.

/// One line, with the block that it opens if it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its words without their quotes; at least one.
    pub words: Vec<String>,
    /// What stands between its braces.
    pub body: Option<Vec<Self>>,
    /// Its line, from 1.
    pub line: usize,
}

impl Statement {
    /// The words from a place on, as texts.
    pub fn words_from(&self, place: usize) -> impl Iterator<Item = &str> {
        self.words.iter().skip(place).map(String::as_str)
    }

    /// The first word, which says what it is.
    pub fn keyword(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// Why a text is not in keepalived's language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// Blocks within blocks; keepalived itself has three levels.
const DEEPEST: usize = 16;

/// Reads a configuration.
///
/// Conditional lines (`@host …`) and definitions (`$name=…`), which make other lines out of
/// what stands there, are not part of it: we write none.
///
/// # Errors
/// At the first line that is not in the language.
pub fn parse(text: &str) -> Result<Vec<Statement>, ParseError> {
    let mut open: Vec<(Statement, Vec<Statement>)> = Vec::new();
    let mut here: Vec<Statement> = Vec::new();
    let mut line = 0;
    for content in text.lines() {
        line += 1;
        let fail = |reason: &str| ParseError { line, reason: reason.to_owned() };
        for word in lex(content).map_err(|r| fail(&r))? {
            match word {
                Word::Open => {
                    let head = here.pop().filter(|s| s.body.is_none());
                    let head = head.ok_or_else(|| fail("a brace opens nothing"))?;
                    if open.len() == DEEPEST {
                        return Err(fail("blocks are nested too deeply"));
                    }
                    open.push((head, std::mem::take(&mut here)));
                }
                Word::Close => {
                    let (mut head, outer) = open.pop().ok_or_else(|| fail("a brace closes nothing"))?;
                    head.body = Some(std::mem::replace(&mut here, outer));
                    here.push(head);
                }
                Word::Text(text) => match here.last_mut() {
                    Some(s) if s.line == line && s.body.is_none() => s.words.push(text),
                    _ => here.push(Statement { words: vec![text], body: None, line }),
                },
            }
        }
    }
    if let Some((head, _)) = open.first() {
        return Err(ParseError { line: head.line, reason: "a brace is never closed".to_owned() });
    }
    Ok(here)
}

enum Word {
    Open,
    Close,
    Text(String),
}

/// The words of a line, up to its comment.
fn lex(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            '#' | '!' => break,
            '@' | '$' if words.is_empty() => {
                return Err("conditions and definitions are not read".to_owned());
            }
            c if c.is_whitespace() => {
                chars.next();
            }
            '"' => {
                chars.next();
                let mut text = String::new();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') => text.extend(chars.next()),
                        Some(c) => text.push(c),
                        None => return Err("a quote is never closed".to_owned()),
                    }
                }
                words.push(Word::Text(text));
            }
            '{' | '}' => {
                chars.next();
                words.push(if c == '{' { Word::Open } else { Word::Close });
            }
            _ => {
                let ends = |c: &char| c.is_whitespace() || matches!(c, '"' | '{' | '}' | '#' | '!');
                let mut text = String::new();
                while let Some(c) = chars.next_if(|c| !ends(c)) {
                    text.push(c);
                }
                words.push(Word::Text(text));
            }
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(statements: &[Statement]) -> String {
        let one = |s: &Statement| {
            let words = s.words.join("|");
            match &s.body {
                Some(body) => format!("{words}{{{}}}", shape(body)),
                None => words,
            }
        };
        statements.iter().map(one).collect::<Vec<_>>().join(";")
    }

    #[test]
    fn reads_lines_words_and_blocks() {
        let text = "! a\nglobal_defs {\n  router_id \"a b#c\" # d\n}\nvrrp_instance x\n{\n unicast_peer { 10.0.0.1\n10.0.0.2 }\n}\n";
        let read = parse(text).unwrap();
        assert_eq!(
            shape(&read),
            "global_defs{router_id|a b#c};vrrp_instance|x{unicast_peer{10.0.0.1;10.0.0.2}}"
        );
        assert_eq!(read[1].line, 5);
    }

    #[test]
    fn refuses_what_is_not_of_the_language() {
        for (text, line) in [("}", 1), ("a {", 1), ("x\n{ {", 2), ("a \"b", 1), ("a\n@x b", 2), ("{", 1)] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text}");
        }
        assert!(parse(&"a {\n".repeat(1000)).is_err());
    }
}
