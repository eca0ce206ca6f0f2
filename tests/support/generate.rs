//! Small estates of all kinds, for the property tests: the same seed gives the same spec.

use super::dice::Dice;
use std::fmt::Write as _;

/// What an estate is made of so far.
struct Estate {
    dice: Dice,
    text: String,
    sites: usize,
    joined: Vec<(usize, usize, String)>,
}

const SITES: [&str; 3] = ["a", "b", "c"];
const ZONES: [&str; 4] = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Shanghai"];

/// A spec of one to three sites with one to four data classes, all drawn from the seed.
pub fn spec(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    dice.roll(0, 9);
    let sites = dice.roll(2, 3) as usize;
    let mut e = Estate { dice, text: String::new(), sites, joined: Vec::new() };
    e.contracts();
    e.places();
    e.links();
    let services = e.dice.roll(0, 3) == 0;
    let mut names = Vec::new();
    for n in 0..e.dice.roll(1, 2) {
        if e.dice.roll(0, 2) > 0 {
            e.cluster(n, &mut names);
        } else {
            e.files(n, &mut names);
        }
    }
    if e.dice.roll(0, 1) == 0 {
        e.files(7, &mut names);
    }
    if services {
        e.service(&names);
    }
    e.text
}

impl Estate {
    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.dice.roll(0, list.len() as u64 - 1) as usize]
    }

    fn chance(&mut self, in_ten: u64) -> bool {
        self.dice.roll(0, 9) < in_ten
    }

    fn say(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn contracts(&mut self) {
        let rpo = self.one(&["30 s", "5 min", "1 h", "26 h", "30 h", "9 days"]);
        let rto = self.one(&["20 min", "1 h", "4 h", "12 h", "3 days"]);
        let wrong = self.one(&["2 h", "27 h", "9 days"]);
        self.say(&format!(
            "tier strict {{ rpo = {rpo}; rto = {rto}; corruption {{ rpo = {wrong}; rto = 2 days }} }}"
        ));
        let rpo = self.one(&["2 h", "26 h", "32 h", "16 days", "40 days"]);
        self.say(&format!(
            "tier easy {{ rpo = {rpo}; rto = 4 days; hostile {{ rpo = 50 h; rto = 9 days }} }}"
        ));
        let operators = self.dice.roll(1, 3);
        let least = if self.chance(5) { "2 min.." } else { "" };
        self.say(&format!(
            "response duty {{ detect = {least}5 min; notice = 30 min..6 h; declare = 2 min..10 min; confirm = 1 min..4 min; operators = {operators} }}"
        ));
        let (apply, largest) =
            (self.one(&["2 MiB/s", "8 MiB/s", "40 MiB/s"]), self.one(&["1 MiB", "16 MiB", "256 MiB"]));
        let amplification = self.one(&["1", "1.5", "2"]);
        let acks = if self.chance(8) { 1 } else { 2 };
        self.say(&format!(
            "engine maria {{ family = mariadb; port = 3306; amplification = {amplification}; apply = {apply}; replay = 8 MiB/s
    prepare = 100 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = {acks}; fallback = 10 s
    largest-transaction = {largest}; physical = true; logs = true }}",
        ));
    }

    fn places(&mut self) {
        let replace = if self.chance(7) { "replace = 2 h..6 h" } else { "" };
        for (n, s) in SITES.iter().enumerate().take(self.sites) {
            let zone = if self.chance(5) { ZONES[self.dice.roll(0, 3) as usize] } else { "UTC" };
            let disk = self.one(&["40 MiB/s", "100 MiB/s", "400 MiB/s"]);
            let nic = self.one(&["200 Mbit/s", "1 Gbit/s", "10 Gbit/s"]);
            let store = self.one(&["30 MiB/s", "100 MiB/s", "300 MiB/s"]);
            let held = if self.chance(4) { "; immutable = 40 days; enforced = \"object lock\"" } else { "" };
            let site = if self.chance(5) { "replace = 12 h" } else { "" };
            let mut text = format!("site {s} {{ timezone = \"{zone}\"; {site}\n");
            for (h, host) in ["db", "fs", "bk", "web"].iter().enumerate() {
                let _ = writeln!(
                    text,
                    "    host {host}-{s} {{ address = 10.{n}.0.{}; nic = {nic}; disk = 4 TiB at {disk}; {replace} }}",
                    h + 1
                );
            }
            let _ = writeln!(
                text,
                "    store v-{s} {{ host = bk-{s}; path = \"/srv/v\"; capacity = 90 TiB at {store}{held} }} }}"
            );
            self.say(&text);
        }
    }

    fn links(&mut self) {
        let pairs = [(0, 1), (1, 2), (0, 2)];
        for (a, b) in pairs {
            if b >= self.sites {
                continue;
            }
            if (a, b) == (0, 2) && self.chance(4) {
                continue;
            }
            let name = format!("{}{}", SITES[a], SITES[b]);
            let bandwidth = self.one(&["20 Mbit/s", "100 Mbit/s", "400 Mbit/s", "2 Gbit/s"]);
            let rtt = self.one(&["1 ms", "5 ms", "30 ms"]);
            let loss = self.one(&["0 %", "0.0001 %", "0.01 %"]);
            let share = if self.chance(7) {
                self.one(&[
                    "share { replication = 40 %; backup = 40 %; mirror = 20 % }",
                    "share { replication = 20 %; backup = 70 %; mirror = 10 % }",
                    "share { replication = 30 %; backup = 30 %; mirror = 20 % }",
                ])
            } else {
                ""
            };
            let held = if !share.is_empty() && self.chance(2) { "enforced = \"carrier\"; " } else { "" };
            self.say(&format!(
                "link {name} : {} <-> {} {{ bandwidth = {bandwidth}; rtt = {rtt}; loss = {loss}; window = 4 MiB; {held}{share} }}",
                SITES[a], SITES[b]
            ));
            self.joined.push((a, b, name));
        }
    }

    fn link(&self, a: usize, b: usize) -> Option<&str> {
        self.joined.iter().find(|l| (l.0, l.1) == (a, b) || (l.1, l.0) == (a, b)).map(|l| l.2.as_str())
    }

    /// The sites that a link joins to one, and that one.
    fn reach(&self, site: usize) -> Vec<usize> {
        (0..self.sites).filter(|s| *s == site || self.link(site, *s).is_some()).collect()
    }

    fn profile(&mut self) -> String {
        let base = self.dice.roll(1, 600);
        let peak = base * self.dice.roll(2, 12);
        let lines = match self.dice.roll(0, 4) {
            0 => String::new(),
            1 => format!(" {{ daily 19:00..23:00 = {peak} KiB/s }}"),
            2 => {
                format!(" {{ mon..fri 09:00..17:30 = {peak} KiB/s; sat 20:00..21:00 = {} KiB/s }}", peak * 2)
            }
            3 => format!(" {{ daily 01:30..03:00 = {peak} KiB/s }}"),
            _ => format!(" {{ sun 22:00..02:00 = {peak} KiB/s; burst = {} MiB }}", self.dice.roll(1, 500)),
        };
        format!("{base} KiB/s{lines}")
    }

    fn data(&mut self) -> String {
        let size = self.dice.roll(1, 60);
        let growth = if self.chance(3) { " growing 2 % / month" } else { "" };
        let changed =
            self.one(&["changed = 2 % / day; ", "changed = 1 % / hour; ", "changed = 20 % / day; ", ""]);
        let writes = if self.chance(9) { format!("writes = {}; ", self.profile()) } else { String::new() };
        format!("size = {size} GiB{growth}; {changed}{writes}")
    }

    fn backup(&mut self, database: bool, from: &str) -> String {
        let minute = 15 * self.dice.roll(0, 3);
        let hour = self.dice.roll(0, 5);
        let full = match self.dice.roll(0, 4) {
            0 => format!("full = daily 0{hour}:{minute:02}"),
            1 => {
                format!("full = monthly 1st sun 0{hour}:{minute:02}; incremental = daily 0{hour}:{minute:02}")
            }
            2 => format!("full = weekly sun 0{hour}:{minute:02}"),
            3 => format!(
                "full = weekly sun 0{hour}:{minute:02}; differential = weekly wed 0{hour}:{minute:02}; incremental = daily 0{hour}:{minute:02}"
            ),
            _ => format!("full = weekly sun 0{hour}:{minute:02}; incremental = every 6 h"),
        };
        let log = if database && self.chance(5) {
            self.one(&["; log = every 15 min", "; log = every 1 h", "; log = every 12 h offset 5 min"])
        } else {
            ""
        };
        let method = if database && self.chance(3) && !full.contains("incremental") && log.is_empty() {
            "; method = logical"
        } else {
            ""
        };
        let keep = if self.chance(8) { "30 days" } else { "8 days" };
        let limit = if self.chance(2) { "; limit = 60 Mbit/s" } else { "" };
        let verify = if self.chance(2) { "; verify = weekly thu 12:00" } else { "" };
        format!("{{ {from}{full}{log}{method}{verify}; keep = {keep}{limit} }}")
    }

    fn copies(&mut self, at: usize, database: bool, from: &str) -> String {
        let mut text = String::new();
        let reach = self.reach(at);
        let near = reach[self.dice.roll(0, reach.len() as u64 - 1) as usize];
        if self.chance(8) {
            let backup = self.backup(database, from);
            let _ = writeln!(text, "    backup v-{} {backup}", SITES[near]);
            let next = self.reach(near);
            let far = next[self.dice.roll(0, next.len() as u64 - 1) as usize];
            if far != near && self.chance(6) {
                let when = self.one(&["daily 12:00", "every 6 h offset 1 h", "daily 03:00"]);
                let _ = writeln!(text, "    copy v-{} {{ of = v-{}; at = {when} }}", SITES[far], SITES[near]);
            }
        }
        text
    }

    fn tier(&mut self) -> &'static str {
        self.one(&["strict", "strict", "easy"])
    }

    fn cluster(&mut self, n: u64, names: &mut Vec<String>) {
        let at = self.dice.roll(0, self.sites as u64 - 1) as usize;
        let mut replicas = Vec::new();
        if self.chance(5) {
            replicas.push(format!("fs-{}", SITES[at]));
        }
        for other in self.reach(at) {
            if other != at && self.chance(7) {
                replicas.push(format!("db-{}", SITES[other]));
            }
        }
        let sync = self.chance(2);
        let mut lines = String::new();
        for r in &replicas {
            let mode = if sync { "sync" } else { self.one(&["async", "semi-sync"]) };
            let compress = if self.chance(3) { "; compress = 2" } else { "" };
            let _ = writeln!(lines, "    replica {r} {{ mode = {mode}{compress} }}");
        }
        let near = format!("fs-{}", SITES[at]);
        let from = if replicas.contains(&near) && self.chance(5) {
            format!("from = {near}; ")
        } else {
            String::new()
        };
        lines += &self.copies(at, true, &from);
        self.say(&format!(
            "cluster c{n} : maria {{ primary = db-{}; replicas = [{}] }}",
            SITES[at],
            replicas.join(", ")
        ));
        for k in 0..self.dice.roll(1, 2) {
            let (name, tier, data) = (format!("d{n}{k}"), self.tier(), self.data());
            self.say(&format!("data {name} : {tier} {{ on = c{n}; {data}response = duty\n{lines}}}"));
            names.push(name);
        }
    }

    fn files(&mut self, n: u64, names: &mut Vec<String>) {
        let at = self.dice.roll(0, self.sites as u64 - 1) as usize;
        let (name, tier, data) = (format!("f{n}"), self.tier(), self.data());
        let mut lines = String::new();
        for other in self.reach(at) {
            if other != at && self.chance(6) {
                let when = self.one(&["every 15 min", "every 1 h", "every 6 h", "daily 02:30"]);
                let limit = if self.chance(2) { "; limit = 30 Mbit/s" } else { "" };
                let _ = writeln!(
                    lines,
                    "    mirror fs-{} {{ at = {when}; path = \"/m/{name}\"{limit} }}",
                    SITES[other]
                );
            }
        }
        lines += &self.copies(at, false, "");
        let files = if self.chance(9) { "independent" } else { "together" };
        self.say(&format!(
            "data {name} : {tier} {{ on = fs-{} path \"/srv/{name}\"; {data}files = {files}; response = duty\n{lines}}}",
            SITES[at]
        ));
        names.push(name);
    }

    fn service(&mut self, names: &[String]) {
        let members: Vec<String> = (0..self.sites).map(|s| format!("web-{}", SITES[s])).collect();
        let (work, rest) = members.split_at(1);
        self.say(&format!(
            "pool web {{ members = [{}, fs-a]; standby = [{}]; needs = 1; port = 8080; check {{ every = 2 s; fall = 3 }} }}",
            work.join(", "),
            rest.join(", ")
        ));
        self.say("vip front-a { address = 10.0.0.100/24; on = [web-a, bk-a]; serves = web }");
        self.say("vip front-b { address = 10.1.0.100/24; on = [web-b, bk-b]; serves = web }");
        self.say(
            "dns www { name = \"www.example.com\"; ttl = 60 s; points = [front-a]; failover = [front-b]; server = 10.9.9.9; key = file(\"/etc/k\") }",
        );
        let need = &names[self.dice.roll(0, names.len() as u64 - 1) as usize];
        self.say(&format!(
            "service shop : strict {{ runs-on = web; needs = [{need}]; start = 40 s; check = http(\"https://www.example.com/\", within = 10 s); reached = [www]; response = duty }}"
        ));
    }
}
