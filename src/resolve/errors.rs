//! The findings of this stage, one function each.

use crate::base::Span;
use crate::base::similar::nearest;
use crate::base::world::ReadError;
use crate::diag::{Diagnostic, catalogue as c};
use crate::schema::{self, Attribute, Colon, Head, Kind, KindDef, Type};
use crate::syntax::ast::Entry;

pub(super) fn too_large(name: &str, at: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(&c::TOO_LARGE, at, format!("`{name}` is larger than {limit} bytes"))
        .help("split the spec into files and bring them in with `use`")
}

pub(super) fn not_utf8(name: &str, at: Span, byte: usize) -> Diagnostic {
    Diagnostic::new(&c::NOT_UTF8, at, format!("`{name}` is not UTF-8 text: byte {byte} cannot be read"))
        .help("save the file as UTF-8")
}

pub(super) fn unreadable(path: &str, at: Span, why: &ReadError) -> Diagnostic {
    let d = Diagnostic::new(&c::UNREADABLE_FILE, at, format!("`{path}` cannot be read: {why}"));
    match why {
        ReadError::Outside => d.help("files that a spec reads lie beside it or below it"),
        _ => d,
    }
}

pub(super) fn too_many_files(at: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(&c::TOO_MANY_ITEMS, at, format!("the spec has more than {limit} files"))
}

pub(super) fn bad_use(at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, "this `use` does not name a module")
        .help("write `use std.tiers.ecommerce`, `use \"./network.dr\"` or `use \"./network.dr\" as net`")
}

pub(super) fn unknown_module(name: &str, at: Span, known: &[String]) -> Diagnostic {
    let d = Diagnostic::new(&c::UNKNOWN_MODULE, at, format!("there is no module `{name}`"));
    match nearest(name, known.iter().map(String::as_str)) {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None if name.starts_with("std.") => d.help(format!("the library has {}", list(known))),
        None => d.help(format!("to bring in a file, quote its path: `use \"./{name}.dr\"`")),
    }
}

fn list<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{}`", w.as_ref())).collect();
    match quoted.split_last() {
        None => "none".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

pub(super) fn duplicate_name(name: &str, at: Span, before: Span) -> Diagnostic {
    Diagnostic::new(&c::DUPLICATE_NAME, at, format!("`{name}` is declared twice"))
        .here("again here")
        .label(before, "first declared here")
        .help("give one of them another name")
}

pub(super) fn bad_form(at: Span, word: &str, form: &str) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("this `{word}` is not complete"))
        .help(format!("write `{form}`"))
}

pub(super) fn not_an_entry(at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, "an entry begins with a word")
        .help("write `attribute = value`, or `kind name { … }`")
}

pub(super) fn only_at_top(word: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::MISPLACED, at, format!("`{word}` stands only at the top of a file"))
}

pub(super) fn unknown_word(word: &str, at: Span, around: Option<&'static KindDef>) -> Diagnostic {
    let Some(around) = around else {
        let tops = schema::TOP.iter().map(|k| k.keyword).chain(["use", "let", "for", "pattern", "apply"]);
        let d = Diagnostic::new(&c::UNKNOWN_WORD, at, format!("`{word}` is no kind of block"));
        return match (nearest(word, tops), inside_of(word)) {
            (_, Some(home)) => d.help(format!("`{word}` stands inside {home}")),
            (Some(near), None) => d.help(format!("did you mean `{near}`?")),
            (None, None) => d.help(format!(
                "a file has {}",
                list(&schema::TOP.iter().map(|k| k.keyword).collect::<Vec<_>>())
            )),
        };
    };
    let here: Vec<&str> =
        around.attributes.iter().map(|a| a.name).chain(around.inside.iter().map(|k| k.keyword)).collect();
    let d = Diagnostic::new(&c::UNKNOWN_WORD, at, format!("{} has no `{word}`", around.kind.described()));
    match (nearest(word, here.iter().copied()), inside_of(word)) {
        (Some(near), _) => d.help(format!("did you mean `{near}`?")),
        (None, Some(home)) => d.help(format!("`{word}` stands inside {home}")),
        (None, None) => d.help(format!("it has {}", list(&here))),
    }
}

/// Where a word that stands in the wrong place belongs.
fn inside_of(word: &str) -> Option<String> {
    fn search(def: &'static KindDef, word: &str) -> Option<String> {
        if def.attribute(word).is_some() || def.child(word).is_some() {
            return Some(format!("`{}`", def.keyword));
        }
        def.inside.iter().find_map(|k| search(k, word))
    }
    schema::TOP.iter().find_map(|k| search(k, word))
}

pub(super) fn missing_equals(attribute: &Attribute, entry: &Entry) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, entry.head.span, format!("`{}` needs an `=`", attribute.name))
        .help(format!("write `{} = {}`", attribute.name, attribute.example()))
}

pub(super) fn missing_value(attribute: &Attribute, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("`{}` has no value", attribute.name)).help(format!(
        "write `{} = {}`",
        attribute.name,
        attribute.example()
    ))
}

pub(super) fn no_body(attribute: &Attribute, entry: &Entry) -> Diagnostic {
    let at = entry.body.as_ref().map_or(entry.span, |b| b.span);
    Diagnostic::new(&c::BAD_FORM, at, format!("`{}` takes no block", attribute.name)).help(format!(
        "write `{} = {}`",
        attribute.name,
        attribute.example()
    ))
}

pub(super) fn no_adding(attribute: &Attribute, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("`+=` cannot set `{}`", attribute.name))
        .help(format!("write `{} = …`; `+=` adds lines of a write profile", attribute.name))
}

pub(super) fn stated_twice(name: &str, at: Span, before: Span) -> Diagnostic {
    Diagnostic::new(&c::STATED_TWICE, at, format!("`{name}` is stated twice"))
        .here("again here")
        .label(before, "first stated here")
        .help("keep one of them")
}

pub(super) fn block_with_value(def: &KindDef, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("{} has no value of its own", def.kind.described()))
        .help(format!("write `{}`", head_form(def)))
}

pub(super) fn bad_head(def: &KindDef, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("{} does not begin like this", def.kind.described()))
        .help(format!("write `{}`", head_form(def)))
}

fn head_form(def: &KindDef) -> String {
    let name = match def.head {
        Head::Bare => "",
        Head::Declares => " name",
        Head::Names(kinds) => match kinds {
            [Kind::Host, ..] => " host-name",
            [Kind::Store, ..] => " store-name",
            _ => " name",
        },
    };
    let colon = match def.colon {
        Colon::None => "",
        Colon::Ends => " : one-site <-> other-site",
        Colon::May([Kind::Tier, ..]) => " : tier",
        Colon::May(_) => "",
        Colon::Must([Kind::Engine, ..]) => " : engine",
        Colon::Must(_) => " : name",
    };
    format!("{}{name}{colon} {{ … }}", def.keyword)
}

pub(super) fn bad_name(name: &str, at: Span) -> Diagnostic {
    let message = if name.is_empty() {
        "a name is expected here".to_owned()
    } else {
        let shown: String = name.chars().take(40).flat_map(char::escape_debug).collect();
        format!("`{shown}` is no name")
    };
    Diagnostic::new(&c::BAD_NAME, at, message)
        .help("names begin with a letter and have letters, digits, `-` and `_`, at most 63, such as `db-a1`")
}

pub(super) fn too_many_items(at: Span, limit: usize) -> Diagnostic {
    Diagnostic::new(&c::TOO_MANY_ITEMS, at, format!("the spec unrolls to more than {limit} items"))
}

pub(super) fn pattern_circle(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::CIRCULAR, at, format!("`{name}` applies itself"))
        .help("patterns do not recur: every spec ends")
}

pub(super) fn let_circle(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::CIRCULAR, at, format!("`{name}` stands for itself"))
}

pub(super) fn unknown_pattern(name: &str, at: Span, known: &[&str]) -> Diagnostic {
    let d = Diagnostic::new(&c::UNKNOWN_NAME, at, format!("there is no pattern `{name}`"));
    match nearest(name, known.iter().copied()) {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => {
            d.help("the library's patterns are brought in with `use`, such as `use std.patterns.local-ha`")
        }
    }
}

pub(super) fn bad_argument(pattern: &str, at: Span, parameters: &[&str]) -> Diagnostic {
    Diagnostic::new(&c::BAD_ARGUMENT, at, format!("`{pattern}` has no such parameter"))
        .help(format!("it has {}", list(parameters)))
}

pub(super) fn missing_argument(pattern: &str, parameter: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_ARGUMENT, at, format!("`{pattern}` needs `{parameter}`"))
        .help(format!("write `{parameter} = …` in its parentheses"))
}

pub(super) fn not_a_list(at: Span) -> Diagnostic {
    Diagnostic::new(&c::WRONG_TYPE, at, "a `for` runs over a list, a range or a table")
        .help("write `[a, b]`, `1..4`, `csv(\"hosts.csv\")` or `json(\"hosts.json\")`")
}

pub(super) fn unknown_name(name: &str, at: Span, kinds: &[Kind], near: Option<&str>) -> Diagnostic {
    let wanted = any_of(kinds);
    let d = Diagnostic::new(&c::UNKNOWN_NAME, at, format!("there is no {wanted} `{name}`"));
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => match kinds {
            [Kind::Tier, ..] => d.help("bring tiers in with `use std.tiers.ecommerce`, or declare one"),
            [Kind::Engine, ..] => d.help("bring an engine in with `use std.engines.mariadb`"),
            [Kind::Group(g), ..] => d.help(format!(
                "declare it first: `{} {name}`; an undeclared one would create independence out of nothing",
                g.name()
            )),
            _ => {
                d.help(format!("declare {} of that name", kinds.first().map_or("a block", |k| k.described())))
            }
        },
    }
}

fn any_of(kinds: &[Kind]) -> String {
    let words: Vec<&str> =
        kinds.iter().map(|k| k.described().trim_start_matches("an ").trim_start_matches("a ")).collect();
    words.join(" or ")
}

pub(super) fn wrong_kind(name: &str, at: Span, is: Kind, kinds: &[Kind], declared: Span) -> Diagnostic {
    Diagnostic::new(
        &c::WRONG_KIND,
        at,
        format!("`{name}` is {}, and {} is wanted here", is.described(), with_article(kinds)),
    )
    .here("named here")
    .label(declared, format!("declared as {} here", is.described()))
}

fn with_article(kinds: &[Kind]) -> String {
    kinds.iter().map(|k| k.described()).collect::<Vec<_>>().join(" or ")
}

pub(super) fn missing_attribute(def: &KindDef, attribute: &Attribute, at: Span) -> Diagnostic {
    Diagnostic::new(&c::MISSING_ATTRIBUTE, at, format!("{} needs `{}`", def.kind.described(), attribute.name))
        .help(format!("write `{} = {}`: {}", attribute.name, attribute.example(), lower_first(attribute.doc)))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let rest = |c: char| c.to_lowercase().collect::<String>();
    let first = chars.next().map(rest).unwrap_or_default();
    format!("{first}{}", chars.as_str().trim_end_matches('.'))
}

pub(super) fn missing_colon(def: &KindDef, at: Span) -> Diagnostic {
    Diagnostic::new(
        &c::MISSING_ATTRIBUTE,
        at,
        format!("{} says what it is after a colon", def.kind.described()),
    )
    .help(format!("write `{}`", head_form(def)))
}

pub(super) fn no_colon(def: &KindDef, at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, format!("{} has nothing after a colon", def.kind.described()))
        .help(format!("write `{}`", head_form(def)))
}

pub(super) fn bad_ends(at: Span) -> Diagnostic {
    Diagnostic::new(&c::BAD_FORM, at, "a link joins two different sites")
        .help("write `link name : one-site <-> other-site { … }`")
}

pub(super) fn wrong_type(ty: Type, at: Span, is: &str) -> Diagnostic {
    Diagnostic::new(&c::WRONG_TYPE, at, format!("{} is wanted here, and this is {is}", ty.described()))
        .help(format!("write it like `{}`", ty.example()))
}

pub(super) fn wrong_word(words: schema::Words, at: Span, is: &str) -> Diagnostic {
    let names: Vec<&str> = words.iter().map(|w| w.0).collect();
    let d = Diagnostic::new(&c::WRONG_TYPE, at, format!("`{is}` is not one of {}", list(&names)));
    match nearest(is, names.iter().copied()) {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d,
    }
}

pub(super) fn out_of_range(at: Span, what: &str, range: &str) -> Diagnostic {
    Diagnostic::new(&c::OUT_OF_RANGE, at, format!("{what} must be {range}"))
}

pub(super) fn unknown_unit(unit: &str, at: Span, near: Option<&str>) -> Diagnostic {
    let d = Diagnostic::new(&c::UNKNOWN_UNIT, at, format!("`{unit}` is no unit"));
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d.help("units are B, KiB, MiB, GiB, TiB, KB, MB, GB, TB, bit, kbit, Mbit, Gbit, ms, s, min, h, day, week, month, year and %"),
    }
}

pub(super) fn refused_unit(unit: &str, at: Span, could_mean: &[&str]) -> Diagnostic {
    Diagnostic::new(&c::AMBIGUOUS_UNIT, at, format!("`{unit}` can be read in more than one way")).help(
        format!("write {}", could_mean.iter().map(|m| format!("`{m}`")).collect::<Vec<_>>().join(" or ")),
    )
}

pub(super) fn no_unit(ty: Type, at: Span) -> Diagnostic {
    Diagnostic::new(
        &c::WRONG_TYPE,
        at,
        format!("{} is wanted here, and this number has no unit", ty.described()),
    )
    .help(format!("write it like `{}`", ty.example()))
}

pub(super) fn dimensions(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&c::DIMENSION_MISMATCH, at, what.to_owned()).help(
        "bytes / duration is a rate, bytes / rate is a duration; sums need the same dimension on both sides",
    )
}

pub(super) fn arithmetic(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&c::OUT_OF_RANGE, at, what.to_owned())
}

pub(super) fn leftover(at: Span, ty: Type) -> Diagnostic {
    Diagnostic::new(&c::WRONG_TYPE, at, "this is not understood here").help(format!(
        "{} is wanted, like `{}`",
        ty.described(),
        ty.example()
    ))
}

pub(super) fn literal_secret(at: Span) -> Diagnostic {
    Diagnostic::new(&c::LITERAL_SECRET, at, "a secret stands in the spec")
        .help("name the place where it lives on its host instead: `file(\"/etc/drc/db.cnf\")`")
}

pub(super) fn unaligned_schedule(at: Span, nearest: &[String]) -> Diagnostic {
    let d = Diagnostic::new(&c::UNALIGNED_SCHEDULE, at, "the clock does not divide into this interval");
    if nearest.is_empty() {
        d
    } else {
        d.help(format!(
            "write {}",
            nearest.iter().map(|n| format!("`every {n}`")).collect::<Vec<_>>().join(" or ")
        ))
    }
}

pub(super) fn skipped_months(at: Span, day: u32) -> Diagnostic {
    Diagnostic::new(&c::SKIPPED_MONTHS, at, format!("not every month has a day {day}"))
        .help("write a day from 1 to 28")
}

pub(super) fn bad_table(at: Span, what: &str) -> Diagnostic {
    Diagnostic::new(&c::BAD_TABLE, at, what.to_owned())
}

pub(super) fn unknown_column(column: &str, at: Span, near: Option<&str>) -> Diagnostic {
    let d = Diagnostic::new(&c::UNKNOWN_NAME, at, format!("the table has no column `{column}`"));
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d,
    }
}

pub(super) fn waiver_outside(at: Span) -> Diagnostic {
    Diagnostic::new(&c::MISPLACED, at, "`allow` stands inside the block that it is about")
        .help("move it between the braces of that block: it covers what is found there, and no more")
}

pub(super) fn no_date(day: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::WRONG_TYPE, at, format!("`{day}` is no day of the calendar"))
        .help("write it as `2027-03-31`")
}

pub(super) fn not_comparable(at: Span, is: &str) -> Diagnostic {
    Diagnostic::new(&c::WRONG_TYPE, at, format!("only numbers are compared, and this is {is}")).help(
        "compare `rpo(orders, site hz-a)`, an attribute such as `dwdm.bandwidth`, or a value such as `30 s`",
    )
}

pub(super) fn no_such_part(name: &str, at: Span, near: Option<&str>) -> Diagnostic {
    let d = Diagnostic::new(
        &c::UNKNOWN_NAME,
        at,
        format!("there is no `{name}` in that block that could be used here"),
    );
    match near {
        Some(near) => d.help(format!("did you mean `{near}`?")),
        None => d.help("name a block, what stands inside it, and an attribute: `orders.vault-a.log`"),
    }
}

pub(super) fn unknown_block(name: &str, at: Span) -> Diagnostic {
    Diagnostic::new(&c::UNKNOWN_NAME, at, format!("no block is called `{name}`"))
        .help("name a block and an attribute of it: `set staffed.declare = 1 h`")
}
