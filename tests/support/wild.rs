//! Estates that put together what people rarely do: replicas of replicas, few drives and places,
//! pools that are too small, retention shorter than runs, losses one after the other. Not every one
//! is a sound spec.

use super::dice::Dice;

const PEOPLE: &str = "
    response duty { detect = 5 min; notice = 6 h; declare = 10 min; confirm = 4 min; operators = 4 }
    engine maria { family = mariadb; port = 3306; amplification = 1; apply = 40 MiB/s; replay = 30 MiB/s
        prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
        largest-transaction = 4 MiB; physical = true; logs = true }
";

/// What a strike of a scenario can take.
const THINGS: [&str; 12] = [
    "host db",
    "host db2",
    "host dbb",
    "host bka",
    "host bkb",
    "site a",
    "site b",
    "link l",
    "store sa",
    "store sb",
    "site b isolated",
    "site a isolated",
];

struct Wild(Dice);

/// A spec drawn from the seed.
pub fn spec(seed: u64) -> String {
    let mut w = Wild(Dice::new(seed ^ 0x7769_6c64));
    w.0.roll(0, 9);
    let mut text = PEOPLE.to_owned();
    text += &w.places();
    text += &w.contract();
    if w.in_ten(7) {
        text += &w.cluster();
    }
    for (name, host) in [("p", "db"), ("q", "db2"), ("w", "dbb")].into_iter().take(w.0.roll(0, 3) as usize) {
        text += &w.files(name, host);
    }
    for n in 0..w.0.roll(0, 3) {
        text += &w.scenario(n);
    }
    if w.in_ten(2) {
        text += "scenario k2 { lose = any 2 of [db, db2, dbb, bkb] }\n";
    }
    text
}

impl Wild {
    fn one<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.0.roll(0, list.len() as u64 - 1) as usize]
    }

    fn in_ten(&mut self, chance: u64) -> bool {
        self.0.roll(0, 9) < chance
    }

    /// Some of a list, in an order that is drawn.
    fn some<'a>(&mut self, list: &[&'a str], many: usize) -> Vec<&'a str> {
        let mut rest = list.to_vec();
        (0..many).map(|_| rest.remove(self.0.roll(0, rest.len() as u64 - 1) as usize)).collect()
    }

    fn places(&mut self) -> String {
        let zone = self.one(&["UTC", "UTC", "UTC", "Asia/Tokyo", "Europe/Berlin"]);
        let replace =
            self.one(&["replace = 2 h", "replace = 2 h", "replace = 0 s", "replace = 1 h..3 days", ""]);
        let stores = if self.in_ten(4) {
            let room = self.one(&["200 TiB", "1 TiB", "300 GiB"]);
            let rate = self.one(&["900 MiB/s", "100 MiB/s"]);
            format!("capacity = {room} at {rate}; drives = {}", self.one(&["1", "1", "2", "3"]))
        } else {
            "capacity = 200 TiB at 900 MiB/s".to_owned()
        };
        let bandwidth = self.one(&["20 Mbit/s", "1 Gbit/s", "1 Gbit/s", "10 Gbit/s"]);
        let (rtt, loss) = (self.one(&["1 ms", "30 ms"]), self.one(&["0 %", "0.01 %"]));
        let share = self.one(&[
            "",
            "; share { replication = 30 %; backup = 40 %; mirror = 20 % }",
            "; share { replication = 30 %; backup = 40 %; mirror = 20 % }",
            "; share { backup = 50 % }",
        ]);
        let host = |name: &str, address: &str| {
            format!("host {name} {{ address = 10.0.{address}; disk = 4 TiB at 900 MiB/s }}\n")
        };
        let mut text = format!("site a {{ timezone = \"{zone}\"; {replace}\n");
        text += &[("db", "0.1"), ("db2", "0.2"), ("bka", "0.3")].map(|(n, a)| host(n, a)).concat();
        text += &format!("store sa {{ host = bka; path = \"/srv/1\"; {stores} }} }}\n");
        text += &format!("site b {{ timezone = \"{zone}\"; {replace}\n");
        text += &[("dbb", "1.1"), ("dbb2", "1.3"), ("bkb", "1.2")].map(|(n, a)| host(n, a)).concat();
        text += &format!("store sb {{ host = bkb; path = \"/srv/1\"; {stores} }} }}\n");
        text += &format!(
            "link l : a <-> b {{ bandwidth = {bandwidth}; rtt = {rtt}; loss = {loss}; window = 8 MiB{share} }}\n"
        );
        text
    }

    fn contract(&mut self) -> String {
        let rpo = self.one(&["10 min", "2 h", "30 h", "10 days", "60 days"]);
        let rto = self.one(&["1 h", "9 h", "5 days"]);
        let tolerate = self.one(&["", "", "; tolerate = 1 missed run", "; tolerate = 3 missed runs"]);
        let host = self.one(&["bkb", "bka", "dbb"]);
        let jobs = self.one(&["", "; jobs = 1", "; jobs = 2"]);
        let keys = self.one(&["", "; keys = [a]", "; keys = [b]", "; keys = [a, b]"]);
        format!(
            "tier t {{ rpo = {rpo}; rto = {rto}{tolerate} }}\nbackup-server ds {{ host = {host}; stores = [sa, sb]{jobs}{keys} }}\n"
        )
    }

    fn pool(&mut self, name: &str) -> String {
        let mut parts =
            vec![format!("keep = {}", self.one(&["1 h", "12 h", "2 days", "10 days", "30 days"]))];
        if self.in_ten(7) {
            parts.push(format!("volumes = {}", self.one(&["1", "2", "3", "5", "12"])));
        }
        if self.in_ten(4) {
            parts.push(format!("runs = {}", self.one(&["1", "2", "7"])));
        }
        if self.in_ten(3) {
            parts.push(format!("use-duration = {}", self.one(&["12 h", "3 days"])));
        }
        format!("{name} {{ {} }}", parts.join("; "))
    }

    fn backup(&mut self, store: &str, database: bool, from: &str) -> String {
        const FULL: [&str; 6] = [
            "daily 01:00",
            "weekly sun 02:30",
            "monthly 1st sun 02:00",
            "every 12 h",
            "daily 02:30",
            "daily 23:00 jitter 1 h",
        ];
        const MORE: [&str; 5] = ["daily 01:00", "daily 02:30", "every 6 h", "every 1 h", "daily 13:00"];
        let mut parts = Vec::new();
        if !from.is_empty() {
            parts.push(format!("from = {from}"));
        }
        parts.push(format!("full = {}", self.one(&FULL)));
        if self.in_ten(5) {
            parts.push(format!("incremental = {}", self.one(&MORE)));
        }
        if self.in_ten(2) {
            parts.push(format!("differential = {}", self.one(&MORE)));
        }
        if database && self.in_ten(6) {
            parts.push(format!(
                "log = {}",
                self.one(&["every 5 min", "every 1 h", "every 30 min", "every 6 h offset 50 min"])
            ));
        }
        if database && self.in_ten(2) {
            parts.push("method = logical".to_owned());
        }
        parts.push(format!(
            "keep = {}",
            self.one(&["1 day", "3 days", "10 days", "30 days", "60 days", "2 h"])
        ));
        if self.in_ten(2) {
            parts.push(format!("limit = {}", self.one(&["400 Mbit/s", "200 Mbit/s", "10 Mbit/s"])));
        }
        if self.in_ten(2) {
            parts.push(format!("verify = {}", self.one(&["daily 12:00", "weekly wed 12:00"])));
        }
        if self.in_ten(2) {
            for pool in ["pool", "full-pool", "incremental-pool", "log-pool"] {
                if self.in_ten(4) {
                    let pool = self.pool(pool);
                    parts.push(pool);
                }
            }
        }
        format!("backup {store} {{ {} }}", parts.join("; "))
    }

    /// A backup, and as often as not a copy of it in the other store.
    fn stored(&mut self, database: bool, from: &str) -> Vec<String> {
        let (store, other) = if self.in_ten(5) { ("sa", "sb") } else { ("sb", "sa") };
        let mut all = vec![self.backup(store, database, from)];
        if self.in_ten(4) {
            let at = self.one(&["daily 05:00", "every 6 h", "weekly mon 05:00"]);
            let keep = self.one(&["", "; keep = 30 days", "; keep = 2 days"]);
            all.push(format!("copy {other} {{ of = {store}; at = {at}{keep} }}"));
        }
        all
    }

    fn size(&mut self) -> &'static str {
        self.one(&["1 GiB", "10 GiB", "100 GiB", "500 GiB", "20 GiB growing 10 % / month"])
    }

    fn writes(&mut self) -> &'static str {
        self.one(&[
            "1 KiB/s",
            "1 MiB/s",
            "3 MiB/s",
            "100 KiB/s { mon 10:00..12:00 = 5 MiB/s }",
            "100 KiB/s { daily 01:00..03:00 = 20 MiB/s }",
        ])
    }

    fn cluster(&mut self) -> String {
        let many = self.0.roll(1, 3) as usize;
        let replicas = self.some(&["db2", "dbb", "dbb2"], many);
        let kept = self.one(&["", "; logs-kept = 1 h", "; logs-kept = 3 days"]);
        let mut text =
            format!("cluster k : maria {{ primary = db; replicas = [{}]{kept} }}\n", replicas.join(", "));
        let mut lines = Vec::new();
        for (n, replica) in replicas.iter().enumerate() {
            let mode = self.one(&["async", "semi-sync", "sync", "async"]);
            let compress = self.one(&["", "; compress = 2"]);
            let behind = n.checked_sub(1).filter(|_| self.in_ten(5)).map(|n| replicas[n]);
            lines.push(match behind {
                Some(source) => format!("replica {replica} {{ mode = async; from = {source}{compress} }}"),
                None => format!("replica {replica} {{ mode = {mode}{compress} }}"),
            });
        }
        if self.in_ten(8) {
            let from = if self.in_ten(5) { "" } else { replicas[self.0.roll(0, many as u64 - 1) as usize] };
            lines.extend(self.stored(true, from));
        }
        for name in ["o", "o2"].into_iter().take(self.0.roll(1, 2) as usize) {
            let (size, writes) = (self.size(), self.writes());
            let changed = self.one(&["1 % / day", "10 % / h"]);
            text += &format!(
                "data {name} : t {{ on = k; size = {size}; writes = {writes}; changed = {changed}; {} }}\n",
                lines.join("; ")
            );
        }
        text
    }

    fn files(&mut self, name: &str, host: &str) -> String {
        let mut parts = if self.in_ten(8) { self.stored(false, "") } else { Vec::new() };
        if parts.is_empty() || self.in_ten(4) {
            let to = self.one(&["dbb2", "bka", "bkb"]);
            let at = self.one(&["every 15 min", "every 6 h", "daily 03:00 jitter 1 h"]);
            parts.push(format!("mirror {to} {{ at = {at} }}"));
        }
        let (size, writes) = (self.size(), self.writes());
        let changed = self.one(&["1 % / day", "10 % / h", "0.1 % / day"]);
        format!(
            "data {name} : t {{ on = {host} path \"/{name}\"; size = {size}; writes = {writes}; changed = {changed}; files = independent; {} }}\n",
            parts.join("; ")
        )
    }

    fn scenario(&mut self, number: u64) -> String {
        let lost = self.some(&THINGS, 3);
        let after = self.one(&["10 min", "5 h", "3 days"]);
        let last = if self.in_ten(3) {
            format!("; then {{ after = 7 days; lose = [{}] }}", lost[2])
        } else {
            String::new()
        };
        format!(
            "scenario s{number} {{ lose = [{}]; then {{ after = {after}; lose = [{}] }}{last} }}\n",
            lost[0], lost[1]
        )
    }
}
