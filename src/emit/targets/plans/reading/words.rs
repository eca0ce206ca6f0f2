//! A reader of the shell that we write: words, and where a line ends. It knows single quotes,
//! double quotes and backslashes, and nothing of expansions: what stands in double quotes is kept
//! as it is.

/// A script as commands, each a list of words. `Err` holds the line that cannot be read, from 1.
pub fn commands(script: &str) -> Result<Vec<Vec<String>>, usize> {
    let mut reader = Reader { chars: script.chars().peekable(), line: 1 };
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    while let Some(c) = reader.chars.peek().copied() {
        match c {
            ' ' | '\t' => {
                reader.next();
            }
            '#' => while reader.next_if(|c| c != '\n').is_some() {},
            '\n' | ';' | '|' | '&' | '(' | ')' | '<' | '>' => {
                reader.next();
                if !words.is_empty() {
                    commands.push(std::mem::take(&mut words));
                }
            }
            _ => words.push(reader.word()?),
        }
    }
    if !words.is_empty() {
        commands.push(words);
    }
    Ok(commands)
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn next_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        if self.chars.peek().is_some_and(|c| wanted(*c)) { self.next() } else { None }
    }

    fn word(&mut self) -> Result<String, usize> {
        let mut word = String::new();
        while let Some(c) = self.next_if(|c| !" \t\n;|&()<>".contains(c)) {
            match c {
                '\'' => self.quoted('\'', &mut word)?,
                '"' => self.quoted('"', &mut word)?,
                '\\' => word.push(self.next().ok_or(self.line)?),
                c => word.push(c),
            }
        }
        Ok(word)
    }

    fn quoted(&mut self, end: char, word: &mut String) -> Result<(), usize> {
        let start = self.line;
        loop {
            match self.next().ok_or(start)? {
                c if c == end => return Ok(()),
                '\\' if end == '"' => {
                    let c = self.next().ok_or(start)?;
                    if !"\"\\$`".contains(c) {
                        word.push('\\');
                    }
                    word.push(c);
                }
                c => word.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::quote::shell;

    #[test]
    fn quoted_words_come_back() {
        let texts = ["", "a b", "it's", "a\nb", "$x `y` \\ \"z\"", "#", "é|;&", "-n"];
        let line: Vec<String> = texts.iter().map(|t| shell(t)).collect();
        let script = format!("# comment\nrun {} # more\nnext", line.join(" "));
        let read = commands(&script).unwrap();
        assert_eq!(read[0][0], "run");
        assert_eq!(read[0][1..], texts.map(str::to_owned));
        assert_eq!(read[1], ["next"]);
    }

    #[test]
    fn a_quote_that_never_ends_is_told() {
        assert_eq!(commands("a\nb 'c\n"), Err(2));
        assert_eq!(commands("a \"b"), Err(1));
    }
}
