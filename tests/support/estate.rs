//! Generated estates: the same seed and size give the same spec, on every machine.

#[path = "dice.rs"]
mod dice;

pub use dice::Dice;
use std::fmt::Write as _;

const SITES: u64 = 10;

/// A spec with `data` data classes: two thirds in databases of about fifty, the others in files;
/// three or more copies each, chains among them; ten sites of twenty hosts, twenty links.
pub fn spec(seed: u64, data: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut s = String::new();
    contracts(&mut s);
    sites(&mut s);
    links(&mut s);
    let in_files = data / 3;
    let clusters = ((data - in_files) / 50).max(1);
    for n in 0..clusters {
        cluster(&mut s, n);
    }
    for n in 0..data - in_files {
        in_cluster(&mut s, &mut dice, n, n % clusters);
    }
    for n in 0..in_files {
        files(&mut s, &mut dice, n);
    }
    s
}

fn contracts(s: &mut String) {
    s.push_str(
        "tier gold { rpo = 10 min; rto = 1 h; region { rpo = 1 h; rto = 4 h }
            corruption { rpo = 1 h; rto = 12 h }; hostile { rpo = 40 h; rto = 10 days } }
        tier silver { rpo = 2 h; rto = 8 h; corruption { rpo = 40 h; rto = 2 days }; hostile { rpo = 60 h; rto = 20 days } }
        tier bronze { rpo = 30 h; rto = 2 days; corruption { rpo = 40 h; rto = 3 days }; hostile { rpo = 80 h; rto = 20 days } }
        response duty { detect = 1 min..5 min; notice = 10 min..6 h; declare = 2 min..10 min; confirm = 1 min..3 min; operators = 4 }
        engine maria { family = mariadb; port = 3306; amplification = 1.2; apply = 40 MiB/s; replay = 30 MiB/s
            prepare = 200 MiB/s; load = 20 MiB/s; start = 60 s; promote = 10 s; acknowledgements = 1; fallback = 10 s
            largest-transaction = 4 MiB; physical = true; logs = true }\n",
    );
}

fn sites(s: &mut String) {
    for site in 0..SITES {
        let zone = ["Asia/Shanghai", "Europe/Berlin", "UTC", "America/New_York"][site as usize % 4];
        let _ =
            writeln!(s, "region r{site} {{ site s{site} {{ timezone = \"{zone}\"; replace = 1 day..3 days");
        for host in 0..20 {
            let _ = writeln!(
                s,
                "host h{site}-{host} {{ address = 10.{site}.0.{}; nic = 10 Gbit/s; disk = 20 TiB at 900 MiB/s; replace = 1 h..4 h }}",
                host + 1
            );
        }
        let _ = writeln!(
            s,
            "store v{site} {{ host = h{site}-0; path = \"/srv/bacula\"; capacity = 500 TiB at 900 MiB/s
                immutable = 60 days; enforced = \"object lock\" }} }} }}"
        );
    }
}

fn links(s: &mut String) {
    for site in 0..SITES {
        for step in [1, 2] {
            let _ = writeln!(
                s,
                "link l{site}-{step} : s{site} <-> s{} {{ bandwidth = 100 Gbit/s; rtt = 8 ms; loss = 0.0001 %; window = 16 MiB
                    encrypted = ipsec; share {{ replication = 40 %; backup = 40 %; mirror = 20 % }} }}",
                (site + step) % SITES
            );
        }
    }
}

fn cluster(s: &mut String, n: u64) {
    let (site, host) = (n % SITES, 1 + n / SITES % 17);
    let _ = writeln!(
        s,
        "cluster c{n} : maria {{ primary = h{site}-{host}; replicas = [h{site}-{}, h{}-{host}] }}",
        host + 1,
        (site + 1) % SITES
    );
}

fn profile(dice: &mut Dice) -> String {
    let base = dice.roll(1, 20);
    match dice.roll(0, 3) {
        0 => format!("{base} KiB/s"),
        1 => format!("{base} KiB/s {{ daily 19:00..23:00 = {} KiB/s }}", base * 4),
        2 => format!(
            "{base} KiB/s {{ mon..fri 09:00..17:30 = {} KiB/s; sat 20:00..21:00 = {} KiB/s }}",
            base * 3,
            base * 9
        ),
        _ => format!("{base} KiB/s {{ sun 22:00..02:00 = {} KiB/s }}", base * 6),
    }
}

fn tier(dice: &mut Dice) -> &'static str {
    ["gold", "silver", "bronze"][dice.roll(0, 2) as usize]
}

fn in_cluster(s: &mut String, dice: &mut Dice, n: u64, cluster: u64) {
    let (site, host) = (cluster % SITES, 1 + cluster / SITES % 17);
    let (near, far) = (host + 1, (site + 1) % SITES);
    let minute = (cluster * 7) % 60;
    let hour = cluster % 6;
    let _ = writeln!(
        s,
        "data d{n} : {} {{ on = c{cluster}; size = {} MiB growing 1 % / month; writes = {}; changed = 5 % / day
            replica h{site}-{near} {{ mode = semi-sync }}
            replica h{far}-{host} {{ mode = async; compress = 2 }}
            backup v{site} {{ full = weekly sun 0{hour}:{minute:02}; incremental = daily 0{hour}:{minute:02}; log = every 15 min; keep = 30 days }}
            copy v{far} {{ of = v{site}; at = daily 1{hour}:{minute:02} }} }}",
        tier(dice),
        dice.roll(5, 90),
        profile(dice),
    );
}

fn files(s: &mut String, dice: &mut Dice, n: u64) {
    let (site, host) = (n % SITES, 1 + n / SITES % 19);
    let far = (site + 1) % SITES;
    let tier = ["silver", "bronze"][dice.roll(0, 1) as usize];
    let (hour, minute) = (n % 8, (n * 11) % 60);
    let _ = writeln!(
        s,
        "data f{n} : {tier} {{ on = h{site}-{host} path \"/srv/f{n}\"; size = {} MiB; writes = {}; changed = 4 % / day; files = independent
            mirror h{far}-{host} {{ with = rsync; at = every 30 min; path = \"/srv/m{n}\" }}
            backup v{site} {{ full = weekly sat 0{hour}:{minute:02}; incremental = daily 0{hour}:{minute:02}; keep = 60 days }}
            copy v{} {{ of = v{site}; at = daily 1{hour}:{minute:02} }} }}",
        dice.roll(2, 60),
        profile(dice),
        (site + 2) % SITES
    );
}
