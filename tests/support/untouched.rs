//! Which blocks of a spec do not hang on a range of its bytes.
//!
//! A block is *touched* when the range takes a byte of what is its own (its head, its attributes,
//! its braces), of a loop or a pattern round it, or of a block round it whose head or brace is
//! taken; and when its own text has a word that something touched declares. All others must come
//! out of the front end as before, whatever becomes of the range.

use drlang::resolve::hir::{Hir, Item, ItemId, Loss, Value};
use drlang::resolve::{Loaded, Module};
use drlang::syntax::ast::{AtomKind, Entry, File};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// An entry of a tree, as the ranges of its text.
struct Node<'a> {
    /// From the first to the last byte.
    whole: Range<usize>,
    /// What is its own, the body of blocks inside left out.
    own: Vec<Range<usize>>,
    /// The names that it declares itself.
    names: BTreeSet<String>,
    /// The words of what is its own.
    words: BTreeSet<&'a str>,
    parent: Option<usize>,
    /// Whether what stands inside hangs on every byte of it: loops, patterns, their uses.
    atomic: bool,
    /// Whether its names stand for something else: what names it hangs on what it names.
    defines: bool,
}

/// The text of one module with its nodes and the blocks that they declare.
pub struct Map<'a> {
    text: &'a str,
    base: usize,
    nodes: Vec<Node<'a>>,
    /// The node of each item of the module.
    of_item: BTreeMap<usize, usize>,
    /// Nodes that were broken from the start: what they have is not known.
    broken: BTreeSet<usize>,
}

fn local(base: usize, span: drlang::base::Span) -> Range<usize> {
    span.lo as usize - base..span.hi as usize - base
}

fn overlaps(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Where the names, or the keywords, of blocks begin.
pub fn heads(hir: &Hir) -> BTreeSet<usize> {
    hir.items.iter().map(|i| i.span.lo as usize).collect()
}

/// The words of a text, as names have them.
fn words(text: &str) -> BTreeSet<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.split(|c| !part(c)).filter(|w| !w.is_empty()).collect()
}

impl<'a> Map<'a> {
    /// Maps the main module of a spec.
    pub fn new(loaded: &Loaded, hir: &Hir, text: &'a str, base: u32) -> Self {
        let mut map = Self {
            text,
            base: base as usize,
            nodes: Vec::new(),
            of_item: BTreeMap::new(),
            broken: BTreeSet::new(),
        };
        if let Some(Module { tree: File { entries }, .. }) = loaded.modules.first() {
            let heads = heads(hir);
            for entry in entries {
                map.add(entry, None, &heads);
            }
        }
        // What a `use` brings in goes with it.
        for used in loaded.modules.first().map_or(&[][..], |m| &m.uses) {
            let at = used.span.lo as usize - map.base;
            let names: BTreeSet<String> = loaded.modules[used.module]
                .tree
                .entries
                .iter()
                .flat_map(|e| e.head.atoms.iter().skip(1))
                .filter_map(|a| match &a.kind {
                    AtomKind::Word(w) => Some(w.to_string()),
                    _ => None,
                })
                .collect();
            if let Some(node) = map.nodes.iter_mut().find(|n| n.whole.contains(&at)) {
                node.names.extend(names);
            }
        }
        for node in &mut map.nodes {
            node.words = node.own.iter().flat_map(|o| words(&text[o.clone()])).collect();
        }
        let whole = map.base..map.base + text.len() + 1;
        for at in loaded.broken.iter().filter(|b| whole.contains(&(b.lo as usize))) {
            let at = at.lo as usize - map.base;
            let holds = map.nodes.iter().enumerate().filter(|(_, node)| node.whole.contains(&at));
            map.broken.extend(holds.min_by_key(|(_, node)| node.whole.len()).map(|(n, _)| n));
        }
        for (n, item) in hir.items.iter().enumerate() {
            let at = item.span.lo as usize;
            if whole.contains(&at) {
                let at = at - map.base;
                // The innermost entry that holds the name.
                let holds = map.nodes.iter().enumerate().filter(|(_, node)| node.whole.contains(&at));
                if let Some((node, _)) = holds.min_by_key(|(_, node)| node.whole.len()) {
                    map.of_item.insert(n, node);
                    map.nodes[node].names.insert(item.name.to_string());
                }
            }
        }
        map
    }

    fn add(&mut self, entry: &Entry, parent: Option<usize>, heads: &BTreeSet<usize>) {
        let whole = local(self.base, entry.span);
        let keyword = entry.keyword().map_or("", |(w, _)| w.as_str());
        let atomic = matches!(keyword, "for" | "pattern" | "apply");
        let defines = atomic || keyword == "let";
        let index = self.nodes.len();
        let mut node = Node {
            whole: whole.clone(),
            own: vec![whole.clone()],
            names: BTreeSet::new(),
            words: BTreeSet::new(),
            parent,
            atomic,
            defines,
        };
        if matches!(keyword, "let" | "pattern") {
            let head = &self.text[local(self.base, entry.head.span)];
            node.names.extend(words(head).into_iter().map(str::to_owned));
        }
        let is_block = |e: &Entry| e.head.atoms.iter().any(|a| heads.contains(&(a.span.lo as usize)));
        let body = entry.body.as_ref().filter(|_| is_block(entry) || atomic);
        if let Some(body) = body {
            let braces = local(self.base, body.span);
            node.own = vec![whole.start..braces.start + 1, braces.end - 1..whole.end];
            self.nodes.push(node);
            for child in &body.entries {
                let keyword = child.keyword().map_or("", |(w, _)| w.as_str());
                if is_block(child) || matches!(keyword, "for" | "apply") {
                    self.add(child, Some(index), heads);
                }
                if !is_block(child) {
                    // Attributes are a part of their block, and loops may bring some.
                    self.nodes[index].own.push(local(self.base, child.span));
                }
            }
        } else {
            self.nodes.push(node);
        }
    }

    fn around(&self, node: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(Some(node), |n| self.nodes[*n].parent)
    }

    /// The items, by their place in the resolved spec, that hang on none of the bytes of `range`.
    /// `structure` says that a brace may go without its partner: then every entry at the top that
    /// the range meets is touched as a whole.
    pub fn untouched(&self, range: &Range<usize>, structure: bool) -> BTreeSet<usize> {
        let hit = |node: &Node| node.own.iter().any(|o| overlaps(o, range));
        let mut touched: Vec<bool> = self.nodes.iter().map(hit).collect();
        for (n, touched) in touched.iter_mut().enumerate() {
            let top = self.around(n).last().unwrap_or(n);
            let head = |a: usize| overlaps(&self.nodes[a].own[0], range);
            let inside = |a: usize| self.nodes[a].atomic && overlaps(&self.nodes[a].whole, range);
            *touched |= self.around(n).any(|a| head(a) || inside(a));
            *touched |= structure && overlaps(&self.nodes[top].whole, range);
        }
        // Whoever names what is touched is touched: one step for blocks, whose names stand for
        // themselves, and as many as there are for `let` and `pattern`. Blocks of a pattern stand
        // where the pattern does.
        let mut direct = touched.clone();
        loop {
            let spreads = |n: &usize| touched[*n] && (direct[*n] || self.nodes[*n].defines);
            let spreading = || (0..self.nodes.len()).filter(spreads).map(|n| &self.nodes[n]);
            let names: BTreeSet<&str> =
                spreading().flat_map(|n| n.names.iter().map(String::as_str)).collect();
            let applied: BTreeSet<&str> =
                spreading().filter(|n| n.words.contains("apply")).flat_map(|n| n.words.clone()).collect();
            let mut more = Vec::new();
            for (n, node) in self.nodes.iter().enumerate().filter(|(n, _)| !touched[*n]) {
                let mentions = node.words.iter().any(|w| names.contains(w));
                let top = &self.nodes[self.around(n).last().unwrap_or(n)];
                let of_pattern = top.words.contains("pattern")
                    && top.names.iter().any(|p| p != "pattern" && applied.contains(p.as_str()));
                let inherits = self.around(n).any(|a| touched[a] && self.nodes[a].atomic);
                if mentions || of_pattern || inherits {
                    more.push((n, of_pattern || inherits));
                }
            }
            if more.is_empty() {
                break;
            }
            for (n, gone) in more {
                touched[n] = true;
                direct[n] = gone;
            }
        }
        let sound = |node: &usize| !touched[*node] && !self.broken.contains(node);
        self.of_item.iter().filter(|(_, node)| sound(node)).map(|(item, _)| *item).collect()
    }

    /// How many items the module declares.
    pub fn len(&self) -> usize {
        self.of_item.len()
    }

    /// Whether a place of the text belongs to one of these items.
    pub fn within(&self, items: &BTreeSet<usize>, at: usize) -> bool {
        items.iter().any(|i| self.nodes[self.of_item[i]].own.iter().any(|o| o.contains(&at)))
    }
}

/// What blocks are called: kind, name or target, and the same of all blocks round them.
pub fn path(hir: &Hir, id: ItemId) -> String {
    let item = hir.get(id);
    let name = match item.target {
        Some(target) => hir.get(target).name.clone(),
        None => item.name.clone(),
    };
    let outer = item.parent.map_or(String::new(), |p| format!("{} / ", path(hir, p)));
    format!("{outer}{} {name}", item.def.keyword)
}

/// An item with its values, every reference by name and no place of any.
pub fn shown(hir: &Hir, item: &Item) -> String {
    let name = |id: &ItemId| path(hir, *id);
    let mut out = format!("poisoned {}", item.poisoned);
    out.push_str(&format!(", : {:?}", item.colon.iter().map(|(id, _)| name(id)).collect::<Vec<_>>()));
    let mut attributes: Vec<String> = item
        .attributes
        .iter()
        .map(|a| {
            let value = match &a.value {
                Value::Ref(id) | Value::OnCluster(id) => name(id),
                Value::Refs(list) => {
                    format!("{:?}", list.iter().map(|(id, _)| name(id)).collect::<Vec<_>>())
                }
                Value::Strikes(losses) => losses
                    .iter()
                    .map(|l| match l {
                        Loss::One(id, _) => name(id),
                        Loss::Isolated(id, _) => format!("{} isolated", name(id)),
                        Loss::AnyOf(many, of, _) => {
                            format!(
                                "any {many} of {:?}",
                                of.iter().map(|(id, _)| name(id)).collect::<Vec<_>>()
                            )
                        }
                        Loss::AnyHosts(many, of, _) => format!("any {many} hosts of {}", name(of)),
                    })
                    .collect::<Vec<_>>()
                    .join(", "),
                Value::Route(ways) => {
                    format!(
                        "{:?}",
                        ways.iter().map(|w| w.iter().map(name).collect::<Vec<_>>()).collect::<Vec<_>>()
                    )
                }
                Value::OnFiles(id, folder) => format!("{} {folder}", name(id)),
                plain => format!("{plain:?}"),
            };
            format!("{} = {value}", a.name)
        })
        .collect();
    attributes.sort();
    out.push_str(&format!(", {attributes:?}"));
    out
}
