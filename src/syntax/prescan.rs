//! One linear pass before the parser: nesting, unbalanced braces, and where the text can be cut.
//!
//! pest and everything behind it recurse, so what is nested too deeply is refused here, the same on
//! every machine. The pass skips exactly what the tokens of `grammar/dr.pest` skip (strings,
//! comments, junk); where it cannot know (a bracket that was left open), it counts too much rather
//! than too little.

/// Texts are parsed in slices of at least this many bytes, so that the pair tree, which is twenty
/// times the size of its text, never holds a large file whole.
const SLICE: usize = 64 << 10;

/// An opening brace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opener {
    /// Its offset.
    pub at: usize,
    /// How far its line is indented, in bytes.
    indent: usize,
    kind: u8,
}

/// A brace that closes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stray {
    /// Its offset.
    pub at: usize,
    /// An earlier brace whose column differs from that of the line it closes.
    pub odd: Option<usize>,
}

/// What the pass found. Offsets are into the text.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The first opener beyond the limit, and the start of the outermost entry that holds it.
    pub too_deep: Option<(usize, usize)>,
    /// Line starts outside of all brackets, in order, where the text can be cut.
    pub cuts: Vec<usize>,
    /// The braces that are still open at the end, outermost first.
    pub unclosed: Vec<Opener>,
    /// The opener that a misplaced closer points to, and that closer; only with `unclosed`.
    pub suspect: Option<(usize, usize)>,
    /// The braces that close nothing; of several in a row the first.
    pub strays: Vec<Stray>,
    /// Whether the text ends inside a raw string or a block comment, which swallows every closer.
    pub swallowed: bool,
}

struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    line_start: usize,
    /// The first byte of this line that is no blank, once it was met.
    first: Option<usize>,
    /// The start of the line on which the current outermost entry began.
    entry_line: usize,
    stack: Vec<Opener>,
    /// The first misplaced closer since the stack was last empty.
    odd: Option<(usize, usize)>,
    last_odd: Option<usize>,
    doc_pending: bool,
    after_stray: bool,
    found: Scan,
}

/// Scans a text; `nesting` is the deepest nesting that is accepted. Stops at the first opener
/// beyond it.
pub(super) fn scan(text: &str, nesting: usize) -> Scan {
    let mut scanner = Scanner {
        bytes: text.as_bytes(),
        at: 0,
        line_start: 0,
        first: None,
        entry_line: 0,
        stack: Vec::new(),
        odd: None,
        last_odd: None,
        doc_pending: false,
        after_stray: false,
        found: Scan::default(),
    };
    scanner.run(nesting);
    let mut found = scanner.found;
    found.unclosed = scanner.stack.into_iter().filter(|o| o.kind == b'{').collect();
    if !found.unclosed.is_empty() {
        found.suspect = scanner.odd;
    }
    found
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The offset of the next newline, or the end.
    fn line_end(&self) -> usize {
        self.find(b"\n").unwrap_or(self.bytes.len())
    }

    fn find(&self, what: &[u8]) -> Option<usize> {
        let rest = self.bytes.get(self.at..)?;
        let first = *what.first()?;
        let mut from = 0;
        while let Some(i) = rest.get(from..)?.iter().position(|&b| b == first) {
            if rest.get(from + i..)?.starts_with(what) {
                return Some(self.at + from + i);
            }
            from += i + 1;
        }
        None
    }

    fn run(&mut self, nesting: usize) {
        while let Some(&b) = self.bytes.get(self.at) {
            match b {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line_start = self.at;
                    self.first = None;
                }
                b'/' if self.peek(1) == b'/' => {
                    let doc = self.peek(2) == b'/' && self.peek(3) != b'/';
                    self.doc_pending |= doc && self.first.is_none();
                    self.first.get_or_insert(self.at);
                    self.at = self.line_end();
                }
                b'/' if self.peek(1) == b'*' => {
                    self.first.get_or_insert(self.at);
                    self.at += 2;
                    self.skip_past(b"*/");
                }
                _ => {
                    self.begin_token();
                    if !self.token(b, nesting) {
                        return;
                    }
                }
            }
        }
    }

    /// Notes the start of a line's first token, and cuts there when it is time to.
    fn begin_token(&mut self) {
        if self.stack.is_empty() && self.first.is_none() {
            self.entry_line = self.line_start;
            let last = self.found.cuts.last().copied().unwrap_or(0);
            // Only a word surely begins an entry of its own; `{` may belong to the line before.
            if self.line_start - last >= SLICE && !self.doc_pending && is_word(self.peek(0)) {
                self.found.cuts.push(self.line_start);
            }
        }
        self.doc_pending = false;
        self.first.get_or_insert(self.at);
    }

    /// Steps over one token; false when it is nested too deeply.
    fn token(&mut self, b: u8, nesting: usize) -> bool {
        let stray_before = std::mem::take(&mut self.after_stray);
        match b {
            b'r' if self.peek(1) == b'"' => {
                self.at += 2;
                self.skip_past(b"\"");
            }
            b'r' if self.peek(1) == b'#' && self.peek(2) == b'"' => {
                self.at += 3;
                self.skip_past(b"\"#");
            }
            _ if is_word(b) => self.word(b.is_ascii_digit()),
            b'"' => self.string(),
            b'\\' | b'#' => self.at = self.line_end(),
            b'\'' => {
                let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
                let end = rest.iter().position(|b| matches!(b, b'\'' | b'\n'));
                self.at += end.filter(|&i| rest.get(i) == Some(&b'\'')).map_or(1, |i| i + 2);
            }
            b';' => {
                self.drop_brackets();
                self.at += 1;
            }
            b'{' | b'[' | b'(' => {
                if b == b'{' {
                    self.drop_brackets();
                }
                if self.stack.len() >= nesting {
                    self.found.too_deep = Some((self.at, self.entry_line));
                    return false;
                }
                let indent = self.first.unwrap_or(self.at) - self.line_start;
                self.stack.push(Opener { at: self.at, indent, kind: b });
                self.at += 1;
            }
            b'}' => {
                self.close_brace(stray_before);
                self.at += 1;
            }
            b']' | b')' => {
                let opener = if b == b']' { b'[' } else { b'(' };
                let inside = self.stack.iter().rev().take_while(|o| o.kind != b'{').count();
                let floor = self.stack.len() - inside;
                if let Some(i) = self.stack.iter().skip(floor).rposition(|o| o.kind == opener) {
                    self.stack.truncate(floor + i);
                }
                self.at += 1;
            }
            _ => self.at += 1,
        }
        true
    }

    fn skip_past(&mut self, what: &[u8]) {
        match self.find(what) {
            Some(i) => {
                let end = i + what.len();
                let skipped = self.bytes.get(self.at..end).unwrap_or_default();
                if let Some(newline) = skipped.iter().rposition(|&b| b == b'\n') {
                    self.line_start = self.at + newline + 1;
                    self.first = Some(self.line_start);
                }
                self.at = end;
            }
            None => {
                self.at = self.bytes.len();
                self.found.swallowed = true;
            }
        }
    }

    fn word(&mut self, number: bool) {
        loop {
            while is_word(self.peek(0)) {
                self.at += 1;
            }
            let goes_on = match self.peek(0) {
                b'.' | b'-' => is_word(self.peek(1)),
                b':' => number && self.peek(1).is_ascii_digit(),
                _ => false,
            };
            if !goes_on {
                return;
            }
            self.at += 1;
        }
    }

    fn string(&mut self) {
        let mut i = self.at + 1;
        loop {
            match self.bytes.get(i) {
                Some(b'"') => {
                    self.at = i + 1;
                    return;
                }
                Some(b'\\') if self.bytes.get(i + 1).is_some_and(|&b| b != b'\n') => i += 2,
                Some(b'\\' | b'\n') | None => break,
                Some(_) => i += 1,
            }
        }
        // The rule `open_text`.
        self.at += 1;
        loop {
            match self.peek(0) {
                b';' | b'}' | b'\n' => return,
                0 if self.at >= self.bytes.len() => return,
                b'\\' => {
                    self.at = self.line_end();
                    return;
                }
                b'{' => {
                    let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
                    let end = rest.iter().position(|b| matches!(b, b'{' | b'}' | b'\n' | b'\\'));
                    self.at += match end {
                        Some(i) if rest.get(i) == Some(&b'}') => i + 2,
                        _ => 1,
                    };
                }
                _ => self.at += 1,
            }
        }
    }

    /// A brace or a `;` ends every bracket that was left open before it.
    fn drop_brackets(&mut self) {
        while self.stack.last().is_some_and(|o| o.kind != b'{') {
            self.stack.pop();
        }
    }

    fn close_brace(&mut self, stray_before: bool) {
        self.drop_brackets();
        let first_on_line = self.first == Some(self.at);
        match self.stack.pop() {
            Some(opener) => {
                if first_on_line && self.at - self.line_start != opener.indent {
                    self.odd.get_or_insert((opener.at, self.at));
                }
                if self.stack.is_empty() {
                    self.last_odd = self.odd.take().map(|(_, closer)| closer);
                }
            }
            None => {
                if !stray_before {
                    self.found.strays.push(Stray { at: self.at, odd: self.last_odd.take() });
                }
                self.after_stray = true;
            }
        }
    }
}
