//! Unrolls `for`, `pattern` and `apply`, and sorts entries into blocks and attributes.

use super::claims::{self, Claim};
use super::env::{Binding, Env};
use super::errors;
use super::eval::{Eval, Val};
use super::loader::Loaded;
use super::scope::{Definitions, Pattern, lookup};
use crate::base::limits::Limits;
use crate::base::{EcoString, Span};
use crate::diag::Problems;
use crate::schema::{self, Attribute, Head, KindDef};
use crate::syntax::ast::{Atom, AtomKind, Entry, Phrase};
use std::collections::BTreeMap;
use std::rc::Rc;

/// The blocks of all modules, before their values are read.
#[derive(Debug, Default)]
pub(super) struct Expanded<'a> {
    /// What stands at the tops.
    pub definitions: Definitions<'a>,
    /// Parents before children.
    pub blocks: Vec<Block<'a>>,
    /// What the spec says about its own verdicts.
    pub claims: Vec<Claim<'a>>,
}

/// A block before its values are read.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// Its row in the schema.
    pub def: &'static KindDef,
    /// Its entry.
    pub entry: &'a Entry,
    /// What names stand for in it.
    pub env: Env,
    /// The module that it is declared into: that of `apply`, for a block of a pattern.
    pub module: usize,
    /// The block around it.
    pub parent: Option<usize>,
    /// The name that it declares; empty if none, or if it is wrong.
    pub name: EcoString,
    /// Where its name, or its keyword, stands.
    pub span: Span,
    /// Its attributes, with what names stand for in each.
    pub attributes: Vec<(&'static Attribute, &'a Entry, Env)>,
    /// Whether a finding was made inside it.
    pub poisoned: bool,
}

pub(super) fn expand<'a>(loaded: &'a Loaded, limits: &Limits, problems: &mut Problems) -> Expanded<'a> {
    let mut definitions = Definitions::default();
    for module in &loaded.modules {
        let mut lets = BTreeMap::new();
        let mut patterns = BTreeMap::new();
        for entry in &module.tree.entries {
            match entry.keyword().map(|(w, _)| w.as_str()) {
                Some("let") => define_let(entry, &mut lets, problems),
                Some("pattern") => define_pattern(entry, &mut patterns, problems),
                _ => {}
            }
        }
        definitions.lets.push(lets);
        definitions.patterns.push(patterns);
    }
    let mut expander = Expander {
        loaded,
        definitions: &definitions,
        limit: limits.expanded_items,
        problems,
        blocks: Vec::new(),
        claims: Vec::new(),
        full: false,
    };
    for (index, module) in loaded.modules.iter().enumerate() {
        expander.entries(&module.tree.entries, &Env::of(index), index, None, 0);
    }
    let (blocks, claims) = (expander.blocks, expander.claims);
    Expanded { definitions, blocks, claims }
}

fn define_let(entry: &Entry, lets: &mut BTreeMap<EcoString, (Rc<Phrase>, Span)>, problems: &mut Problems) {
    match (entry.head.atoms.as_slice(), &entry.value, &entry.colon, &entry.body) {
        ([_, Atom { kind: AtomKind::Word(name), span }], Some(value), None, None) if !value.adds => {
            if let Some((_, before)) = lets.get(name) {
                problems.push(errors::duplicate_name(name, *span, *before));
            } else {
                lets.insert(name.clone(), (Rc::new(value.phrase.clone()), *span));
            }
        }
        _ => problems.push(errors::bad_form(entry.head.span, "let", schema::form("let"))),
    }
}

fn define_pattern<'a>(
    entry: &'a Entry,
    patterns: &mut BTreeMap<EcoString, Pattern<'a>>,
    problems: &mut Problems,
) {
    let form = schema::form("pattern");
    let (name, span, arguments) = match entry.head.atoms.as_slice() {
        [_, Atom { kind: AtomKind::Word(name), span }, Atom { kind: AtomKind::Paren(args), .. }]
            if entry.value.is_none() && entry.body.is_some() =>
        {
            (name, *span, args)
        }
        _ => return problems.push(errors::bad_form(entry.head.span, "pattern", form)),
    };
    let mut parameters = Vec::new();
    for a in arguments {
        match (&a.name, a.phrase.atoms.as_slice()) {
            (Some((n, _)), _) => parameters.push((n.clone(), Some(Rc::new(a.phrase.clone())))),
            (None, [Atom { kind: AtomKind::Word(n), .. }]) => parameters.push((n.clone(), None)),
            _ => return problems.push(errors::bad_form(a.phrase.span, "pattern", form)),
        }
    }
    if let Some(before) = patterns.get(name) {
        return problems.push(errors::duplicate_name(name, span, before.entry.head.span));
    }
    patterns.insert(name.clone(), Pattern { parameters, entry });
}

struct Expander<'a, 'p> {
    loaded: &'a Loaded,
    definitions: &'p Definitions<'a>,
    limit: usize,
    problems: &'p mut Problems,
    blocks: Vec<Block<'a>>,
    claims: Vec<Claim<'a>>,
    full: bool,
}

/// Patterns may apply patterns; deeper than this is a circle.
const DEEPEST_APPLY: usize = 32;

impl<'a> Expander<'a, '_> {
    fn entries(
        &mut self,
        entries: &'a [Entry],
        env: &Env,
        module: usize,
        parent: Option<usize>,
        depth: usize,
    ) {
        for entry in entries {
            if self.full {
                return;
            }
            self.entry(entry, env, module, parent, depth);
        }
    }

    fn entry(&mut self, entry: &'a Entry, env: &Env, module: usize, parent: Option<usize>, depth: usize) {
        let Some((word, span)) = entry.keyword() else {
            self.problems.push(errors::not_an_entry(entry.head.span));
            return self.poison(parent);
        };
        match word.as_str() {
            "use" | "let" | "pattern" if parent.is_none() && depth == 0 => {}
            "use" | "let" | "pattern" => self.problems.push(errors::only_at_top(word, span)),
            w if claims::WORDS.contains(&w) && entry.value.is_none() => self.claim(entry, env, parent),
            "for" => self.unroll(entry, env, module, parent, depth),
            // An engine has an attribute of that name.
            "apply" if entry.value.is_none() || entry.head.atoms.len() > 1 => {
                self.apply(entry, env, module, parent, depth);
            }
            _ => self.plain(entry, word, span, env, module, parent, depth),
        }
    }

    fn claim(&mut self, entry: &'a Entry, env: &Env, parent: Option<usize>) {
        if self.claims.len() >= self.limit {
            self.problems.push(errors::too_many_items(entry.head.span, self.limit));
            self.full = true;
            return;
        }
        let within = parent.and_then(|p| self.blocks.get(p)).map(|b| b.entry.span);
        self.claims.push(Claim { entry, env: env.clone(), within });
    }

    fn poison(&mut self, block: Option<usize>) {
        if let Some(b) = block.and_then(|b| self.blocks.get_mut(b)) {
            b.poisoned = true;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the place of an entry is that many things")]
    fn plain(
        &mut self,
        entry: &'a Entry,
        word: &EcoString,
        span: Span,
        env: &Env,
        module: usize,
        parent: Option<usize>,
        depth: usize,
    ) {
        let around = parent.and_then(|p| self.blocks.get(p)).map(|b| b.def);
        let child = around.map_or_else(|| schema::by_keyword(word), |k| k.child(word));
        let attribute = around.and_then(|k| k.attribute(word));
        // `host = lb` names an attribute, `host lb { … }` a block, where both could stand.
        if let Some(def) = child.filter(|_| entry.value.is_none() || attribute.is_none()) {
            return self.block(def, entry, span, env, module, parent, depth);
        }
        if let Some(attribute) = attribute {
            return self.attribute(attribute, entry, env, parent);
        }
        self.problems.push(errors::unknown_word(word, span, around));
        self.poison(parent);
    }

    fn attribute(
        &mut self,
        attribute: &'static Attribute,
        entry: &'a Entry,
        env: &Env,
        parent: Option<usize>,
    ) {
        let bad = if entry.head.atoms.len() > 1 && entry.value.is_none() {
            Some(errors::missing_equals(attribute, entry))
        } else if entry.value.is_none() {
            Some(errors::missing_value(attribute, entry.head.span))
        } else if entry.head.atoms.len() > 1 || entry.colon.is_some() {
            Some(errors::bad_form(
                entry.head.span,
                attribute.name,
                &format!("{} = {}", attribute.name, attribute.example()),
            ))
        } else if entry.body.is_some() && attribute.ty != schema::Type::Profile {
            Some(errors::no_body(attribute, entry))
        } else if entry.value.as_ref().is_some_and(|v| v.adds) {
            Some(errors::no_adding(attribute, entry.head.span))
        } else {
            None
        };
        let Some(block) = parent.and_then(|p| self.blocks.get_mut(p)) else { return };
        if let Some(finding) = bad {
            self.problems.push(finding);
            block.poisoned = true;
            return;
        }
        if let Some((_, before, _)) = block.attributes.iter().find(|(a, _, _)| a.name == attribute.name) {
            self.problems.push(errors::stated_twice(attribute.name, entry.head.span, before.head.span));
            block.poisoned = true;
            return;
        }
        block.attributes.push((attribute, entry, env.clone()));
    }

    #[expect(clippy::too_many_arguments, reason = "the place of an entry is that many things")]
    fn block(
        &mut self,
        def: &'static KindDef,
        entry: &'a Entry,
        span: Span,
        env: &Env,
        module: usize,
        parent: Option<usize>,
        depth: usize,
    ) {
        if self.blocks.len() >= self.limit {
            self.problems.push(errors::too_many_items(span, self.limit));
            self.full = true;
            return;
        }
        let mut block = Block {
            def,
            entry,
            env: env.clone(),
            module,
            parent,
            name: EcoString::new(),
            span,
            attributes: Vec::new(),
            poisoned: false,
        };
        if let Some(value) = &entry.value {
            self.problems.push(errors::block_with_value(def, value.phrase.span));
            block.poisoned = true;
        }
        let want = if def.head == Head::Bare { 1 } else { 2 };
        if entry.head.atoms.len() != want {
            self.problems.push(errors::bad_head(def, entry.head.span));
            block.poisoned = true;
        } else if let (Head::Declares, Some(atom)) = (def.head, entry.head.atoms.get(1)) {
            block.span = atom.span;
            match self.name(atom, env) {
                Some(name) => block.name = name,
                None => block.poisoned = true,
            }
        }
        let index = self.blocks.len();
        self.blocks.push(block);
        if let Some(body) = &entry.body {
            self.entries(&body.entries, env, module, Some(index), depth);
        }
    }

    /// The name that a head declares: a word, or a string that comes to one.
    fn name(&mut self, atom: &Atom, env: &Env) -> Option<EcoString> {
        let name = match &atom.kind {
            AtomKind::Word(w) => match env.get(w) {
                None => w.clone(),
                Some(_) => self.eval(env).name(atom)?,
            },
            AtomKind::Text(_) => self.eval(env).name(atom)?,
            _ => {
                self.problems.push(errors::bad_name("", atom.span));
                return None;
            }
        };
        let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty()
            || name.len() > 63
            || !name.chars().all(good)
            || !name.starts_with(|c: char| c.is_ascii_alphabetic())
            || name.ends_with('-')
        {
            self.problems.push(errors::bad_name(&name, atom.span));
            return None;
        }
        Some(name)
    }

    fn eval<'s>(&'s mut self, env: &Env) -> Eval<'s> {
        Eval {
            loaded: self.loaded,
            lets: &self.definitions.lets,
            env: env.clone(),
            problems: self.problems,
            depth: 0,
        }
    }

    /// `for x in list { … }`.
    fn unroll(&mut self, entry: &'a Entry, env: &Env, module: usize, parent: Option<usize>, depth: usize) {
        let form = schema::form("for");
        let (variable, over) = match entry.head.atoms.as_slice() {
            [_, Atom { kind: AtomKind::Word(v), .. }, Atom { kind: AtomKind::Word(r#in), .. }, over @ ..]
                if r#in == "in" && !over.is_empty() && entry.value.is_none() && entry.colon.is_none() =>
            {
                (v, over)
            }
            _ => return self.problems.push(errors::bad_form(entry.head.span, "for", form)),
        };
        let Some(body) = &entry.body else {
            return self.problems.push(errors::bad_form(entry.head.span, "for", form));
        };
        let Some(bindings) = self.eval(env).bindings(over) else { return self.poison(parent) };
        for binding in bindings {
            let inner = env.with(variable.clone(), binding);
            self.entries(&body.entries, &inner, module, parent, depth);
            if self.full {
                return;
            }
        }
    }

    /// `apply name(arguments)`.
    fn apply(&mut self, entry: &'a Entry, env: &Env, module: usize, parent: Option<usize>, depth: usize) {
        let form = schema::form("apply");
        let (name, span, arguments) = match entry.head.atoms.as_slice() {
            [_, Atom { kind: AtomKind::Word(n), span }, Atom { kind: AtomKind::Paren(args), .. }]
                if entry.value.is_none() && entry.body.is_none() =>
            {
                (n, *span, args)
            }
            _ => return self.problems.push(errors::bad_form(entry.head.span, "apply", form)),
        };
        if depth >= DEEPEST_APPLY {
            return self.problems.push(errors::pattern_circle(name, span));
        }
        let definitions = self.definitions;
        let found = lookup(self.loaded, env.module, name, |m, n| {
            definitions.patterns.get(m).and_then(|p| p.get(n)).map(|p| (m, p))
        });
        let Some((home, pattern)) = found else {
            let known: Vec<&str> =
                definitions.patterns.iter().flat_map(|p| p.keys()).map(EcoString::as_str).collect();
            return self.problems.push(errors::unknown_pattern(name, span, &known));
        };
        let mut inner = Env::of(home);
        let mut given: BTreeMap<EcoString, Binding> = BTreeMap::new();
        let mut position = 0;
        for a in arguments {
            let parameter = match &a.name {
                Some((n, _)) => pattern.parameters.iter().find(|(p, _)| p == n),
                None => {
                    position += 1;
                    pattern.parameters.get(position - 1)
                }
            };
            let Some((parameter, _)) = parameter else {
                let names: Vec<&str> = pattern.parameters.iter().map(|(p, _)| p.as_str()).collect();
                return self.problems.push(errors::bad_argument(name, a.phrase.span, &names));
            };
            given.insert(parameter.clone(), Binding::Phrase(Rc::new(a.phrase.clone()), env.clone()));
        }
        for (parameter, default) in &pattern.parameters {
            let binding = match (given.remove(parameter), default) {
                (Some(b), _) => b,
                (None, Some(d)) => Binding::Phrase(d.clone(), Env::of(home)),
                (None, None) => return self.problems.push(errors::missing_argument(name, parameter, span)),
            };
            inner = inner.with(parameter.clone(), binding);
        }
        if let Some(body) = &pattern.entry.body {
            self.entries(&body.entries, &inner, module, parent, depth + 1);
        }
    }
}

impl Eval<'_> {
    /// What a `for` runs over, as bindings of its variable.
    fn bindings(&mut self, over: &[Atom]) -> Option<Vec<Binding>> {
        let span = over.first()?.span.to(over.last()?.span);
        if let [Atom { kind: AtomKind::List(items), .. }] = over {
            return Some(
                items.iter().map(|p| Binding::Phrase(Rc::new(p.clone()), self.env.clone())).collect(),
            );
        }
        if let [Atom { kind: AtomKind::Word(w), .. }] = over
            && let Some((phrase, env)) = self.bound(w)
        {
            let outer = std::mem::replace(&mut self.env, env);
            self.depth += 1;
            let found = if self.depth > super::eval::DEEPEST {
                self.problems.push(errors::let_circle(w, span));
                None
            } else {
                self.bindings(&phrase.atoms)
            };
            self.depth -= 1;
            self.env = outer;
            return found;
        }
        match self.range_or_value(over)? {
            Val::Range(from, to) => {
                if to.saturating_sub(from) > 100_000 {
                    self.problems.push(errors::too_many_items(span, 100_000));
                    return None;
                }
                Some((from..=to).map(Binding::Number).collect())
            }
            Val::Rows(rows) => Some(rows.into_iter().map(|r| Binding::Row(Rc::new(r))).collect()),
            Val::Texts(texts) => Some(texts.into_iter().map(Binding::Text).collect()),
            _ => {
                self.problems.push(errors::not_a_list(span));
                None
            }
        }
    }
}
