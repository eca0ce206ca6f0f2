//! A parser of Bacula's configuration language, by Bacula 9's own rules and apart from our
//! templates: what reads back our files, and what deployed files are imported with.
//!
//! Resources and nested blocks hold directives. Keywords mean the same in any case and with any
//! spaces; a string in quotes takes the character behind a backslash as it is; `#` starts a
//! comment; `;` ends a directive as a line end does; `@FILE` stands for the contents of a file,
//! which is noted and not read.

/// A whole file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Config {
    /// The resources, in order.
    pub resources: Vec<Block>,
    /// Files that are included outside of any resource.
    pub includes: Vec<Include>,
}

/// A resource, or a block within one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// Its keyword in small letters, without spaces: `job`, `diraddresses`.
    pub kind: String,
    /// The line that it begins on, from 1.
    pub line: usize,
    /// Its directives, in order.
    pub directives: Vec<Directive>,
    /// The blocks in it, in order.
    pub blocks: Vec<Block>,
    /// The files that are included in it.
    pub includes: Vec<Include>,
}

/// One directive.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Directive {
    /// Its keyword in small letters, without spaces: `maximumbandwidth`.
    pub key: String,
    /// The line that it stands on, from 1.
    pub line: usize,
    /// What stands behind its first `=`.
    pub value: Vec<Token>,
}

/// `@FILE`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Include {
    /// The file.
    pub path: String,
    /// The line that it stands on, from 1.
    pub line: usize,
}

/// A part of a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Token {
    /// A word without quotes.
    Word(String),
    /// A string in quotes, without them and without escapes.
    Text(String),
    /// `,`
    Comma,
    /// `=`
    Equals,
}

/// Text that does not follow the language.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub reason: String,
}

/// Deepest nesting of blocks; Bacula's own files have three.
const DEPTH: usize = 32;

impl Config {
    /// The resources of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.resources.iter().filter(move |b| b.kind == kind)
    }
}

impl Block {
    /// Its first directive of that keyword.
    pub fn get(&self, key: &str) -> Option<&Directive> {
        self.directives.iter().find(|d| d.key == key)
    }

    /// All its directives of that keyword.
    pub fn all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Directive> {
        self.directives.iter().filter(move |d| d.key == key)
    }

    /// What a directive says, as one text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.get(key).map(Directive::text)
    }

    /// Its name.
    pub fn name(&self) -> String {
        self.text("name").unwrap_or_default()
    }
}

impl Directive {
    /// Its words put together, as Bacula does where it wants one string.
    pub fn text(&self) -> String {
        let mut text = String::new();
        for token in &self.value {
            match token {
                Token::Word(w) | Token::Text(w) => text.push_str(w),
                Token::Comma => text.push(','),
                Token::Equals => text.push('='),
            }
        }
        text
    }

    /// Its words in a row, without commas.
    pub fn words(&self) -> Vec<&str> {
        self.value
            .iter()
            .filter_map(|t| match t {
                Token::Word(w) | Token::Text(w) => Some(w.as_str()),
                Token::Equals => Some("="),
                Token::Comma => None,
            })
            .collect()
    }
}

/// Reads a file.
///
/// # Errors
/// When the text does not follow the language, with the first place where it does not.
pub fn parse(text: &str) -> Result<Config, ParseError> {
    let mut reader = Reader { tokens: lex(text)?, at: 0 };
    let mut config = Config::default();
    loop {
        match reader.next() {
            None => return Ok(config),
            Some((Lexed::End, _)) => {}
            Some((Lexed::Include(path), line)) => config.includes.push(Include { path, line }),
            Some((Lexed::Part(Token::Word(word)), line)) => {
                let kind = reader.keyword(word);
                if !matches!(reader.next(), Some((Lexed::Open, _))) {
                    return Err(error(line, format!("`{kind}` is not followed by `{{`")));
                }
                config.resources.push(reader.block(kind, line, 0)?);
            }
            Some((_, line)) => return Err(error(line, "a resource is expected here")),
        }
    }
}

fn error(line: usize, reason: impl Into<String>) -> ParseError {
    ParseError { line, reason: reason.into() }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Lexed {
    Part(Token),
    Open,
    Close,
    Include(String),
    /// A line end or `;`.
    End,
}

fn lex(text: &str) -> Result<Vec<(Lexed, usize)>, ParseError> {
    let mut tokens = Vec::new();
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    let mut line = 1;
    while let Some(c) = chars.next() {
        let lexed = match c {
            '\n' => {
                tokens.push((Lexed::End, line));
                line += 1;
                continue;
            }
            ';' => Lexed::End,
            '{' => Lexed::Open,
            '}' => Lexed::Close,
            '=' => Lexed::Part(Token::Equals),
            ',' => Lexed::Part(Token::Comma),
            '#' => {
                while chars.next_if(|c| *c != '\n').is_some() {}
                continue;
            }
            c if c.is_ascii_whitespace() => continue,
            '"' => Lexed::Part(Token::Text(quoted(&mut chars, &mut line)?)),
            '@' if chars.next_if_eq(&'"').is_some() => Lexed::Include(quoted(&mut chars, &mut line)?),
            '@' => Lexed::Include(word(&mut chars, String::new())),
            c => Lexed::Part(Token::Word(word(&mut chars, c.into()))),
        };
        tokens.push((lexed, line));
    }
    Ok(tokens)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(chars: &mut Chars<'_>, mut word: String) -> String {
    while let Some(c) =
        chars.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, '=' | '{' | '}' | ';' | ',' | '#' | '"'))
    {
        word.push(c);
    }
    word
}

fn quoted(chars: &mut Chars<'_>, line: &mut usize) -> Result<String, ParseError> {
    let start = *line;
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(text),
            // A line end within a string is dropped, and so is a backslash before it.
            '\n' => *line += 1,
            '\\' => match chars.next() {
                Some('\n') => *line += 1,
                Some(c) => text.push(c),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err(error(start, "a string has no closing quote"))
}

struct Reader {
    tokens: Vec<(Lexed, usize)>,
    at: usize,
}

impl Reader {
    fn next(&mut self) -> Option<(Lexed, usize)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn peek(&self) -> Option<&Lexed> {
        self.tokens.get(self.at).map(|t| &t.0)
    }

    /// A keyword: its first word and those that follow, in small letters and without spaces.
    fn keyword(&mut self, first: String) -> String {
        let mut words = first;
        while let Some(Lexed::Part(Token::Word(word))) = self.peek() {
            words.push_str(word);
            self.at += 1;
        }
        words.to_ascii_lowercase()
    }

    fn block(&mut self, kind: String, line: usize, depth: usize) -> Result<Block, ParseError> {
        if depth > DEPTH {
            return Err(error(line, "blocks are nested too deeply"));
        }
        let mut block =
            Block { kind, line, directives: Vec::new(), blocks: Vec::new(), includes: Vec::new() };
        loop {
            match self.next() {
                None => return Err(error(line, format!("`{}` is never closed", block.kind))),
                Some((Lexed::Close, _)) => return Ok(block),
                Some((Lexed::End, _)) => {}
                Some((Lexed::Include(path), line)) => block.includes.push(Include { path, line }),
                Some((Lexed::Part(Token::Word(word)), line)) => {
                    let key = self.keyword(word);
                    let equals = matches!(self.peek(), Some(Lexed::Part(Token::Equals)));
                    if equals {
                        self.at += 1;
                    }
                    if matches!(self.peek(), Some(Lexed::Open)) {
                        self.at += 1;
                        let inner = self.block(key, line, depth + 1)?;
                        block.blocks.push(inner);
                    } else if equals {
                        let value = self.value(line)?;
                        block.directives.push(Directive { key, line, value });
                    } else {
                        return Err(error(line, format!("`{key}` is followed by neither `=` nor `{{`")));
                    }
                }
                Some((_, line)) => return Err(error(line, "a directive is expected here")),
            }
        }
    }

    /// The rest of a directive; a comma at the end of a line carries on to the next.
    fn value(&mut self, line: usize) -> Result<Vec<Token>, ParseError> {
        let mut value: Vec<Token> = Vec::new();
        loop {
            match self.peek() {
                Some(Lexed::End) if value.last() == Some(&Token::Comma) => self.at += 1,
                None | Some(Lexed::End | Lexed::Close) => return Ok(value),
                Some(Lexed::Part(token)) => {
                    value.push(token.clone());
                    self.at += 1;
                }
                Some(Lexed::Open | Lexed::Include(_)) => {
                    return Err(error(line, "a value is expected here"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keywords_strings_blocks_and_includes() {
        let config = parse(
            "@/etc/more.conf\nJOB { Name=\"a \\\"b\\\" \\\\c\" ; max imum  bandwidth = 5 # why\n  @\"/a b/#.conf\"\n}\n\
             Storage {\n  SDAddresses = { ip = { addr = 1.2.3.4; port = 1 } }\n Password = fd secret\n}\n",
        )
        .unwrap();
        assert_eq!(config.includes[0].path, "/etc/more.conf");
        let job = config.of("job").next().unwrap();
        assert_eq!(job.name(), "a \"b\" \\c");
        assert_eq!(job.text("maximumbandwidth").unwrap(), "5");
        assert_eq!(job.includes, [Include { path: "/a b/#.conf".into(), line: 3 }]);
        let storage = config.of("storage").next().unwrap();
        assert_eq!(storage.blocks[0].blocks[0].text("addr").unwrap(), "1.2.3.4");
        assert_eq!(storage.text("password").unwrap(), "fdsecret");
    }

    #[test]
    fn lists_go_on_behind_a_comma() {
        let config =
            parse("Messages {\n Name = m\n Append = \"/l\" = all,\n !skipped\n Console = all\n}").unwrap();
        let m = &config.resources[0];
        assert_eq!(m.get("append").unwrap().words(), ["/l", "=", "all", "!skipped"]);
        assert_eq!(m.directives.len(), 3);
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        for (text, line) in [
            ("Job {\n Name = \"x\n", 2),
            ("Job {\n", 1),
            ("\nJob\n", 2),
            ("\n=", 2),
            ("Job {\n Name\n}", 2),
            ("Job {\n \"x\" = 1\n}", 2),
            ("Job {\n Name = {\n @x = 3\n}\n}", 3),
        ] {
            assert_eq!(parse(text).unwrap_err().line, line, "{text:?}");
        }
        assert!(parse(&"a {".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn any_text_gets_an_answer(text in "([a-z]{1,4}|[ \\n{}=,;#@\"\\\\]|é){0,60}") {
            let _ = parse(&text);
        }
    }
}
