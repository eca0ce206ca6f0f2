//! What databases are told. `/bin/sh` runs these texts on the database's host, so they keep to
//! POSIX; an option file holds the account.

use crate::base::EcoString;
use crate::emit::quote::shell;
use crate::emit::target::Input;
use crate::emit::targets::plans::act::{Act, At, address};
use crate::model::{Cluster, Host, Secret};
use la_arena::Idx;

/// A database and how one speaks to it.
pub struct Database<'a> {
    input: Input<'a>,
    mysql: bool,
    family: EcoString,
    options: EcoString,
    datadir: EcoString,
    logdir: EcoString,
    /// Where the step that prepares leaves the point from which logs are replayed.
    from: String,
    port: u64,
}

impl<'a> Database<'a> {
    /// That of a cluster.
    pub fn of(input: Input<'a>, id: Idx<Cluster>) -> Self {
        let cluster = &input.model.clusters[id];
        let engine = &input.model.engines[cluster.engine];
        let Secret::File(options) = &cluster.credentials;
        Self {
            input,
            mysql: engine.family.value == "mysql",
            family: engine.family.value.clone(),
            options: options.clone(),
            datadir: cluster.datadir.value.clone(),
            logdir: cluster.logdir.value.clone(),
            from: format!("{}/replay-from", cluster.staging.value),
            port: engine.port.value,
        }
    }

    fn unit(&self) -> &'static str {
        if self.mysql { "mysql" } else { "mariadb" }
    }

    fn client(&self) -> String {
        let program = if self.mysql { "mysql" } else { "mariadb" };
        format!("{program} --defaults-extra-file={}", shell(&self.options))
    }

    /// A command that runs statements and prints bare values.
    fn sql(&self, statements: &str) -> String {
        format!("{} --batch --skip-column-names -e {}", self.client(), shell(statements))
    }

    fn replica_status(&self) -> String {
        self.sql(if self.mysql { "SHOW REPLICA STATUS\\G" } else { "SHOW SLAVE STATUS\\G" })
    }

    fn writable(&self) -> String {
        self.sql(if self.mysql {
            "SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0"
        } else {
            "SET GLOBAL read_only = 0"
        })
    }

    /// Takes no writes any more, and stops.
    pub fn stop(&self) -> String {
        format!("{}; systemctl stop {}", self.sql("SET GLOBAL read_only = 1"), self.unit())
    }

    /// Starts and answers.
    pub fn start(&self, host: Idx<Host>, patience: u64) -> Vec<Act> {
        let answers = self.sql("SELECT 1");
        vec![
            Act::Unless(At::Host(host), answers.clone()),
            Act::Run(At::Host(host), format!("systemctl start {}", self.unit())),
            Act::Await(At::Host(host), patience, answers),
        ]
    }

    /// A staged physical backup, `full` and beside it `inc*` in the order of their names, is made
    /// one and put in place of the data files; what was there is moved aside.
    pub fn prepare(&self, host: Idx<Host>, staging: &str) -> Vec<Act> {
        let (tool, keep, note) = if self.mysql {
            ("xtrabackup", " --apply-log-only", "xtrabackup_binlog_info")
        } else {
            ("mariadb-backup", "", "mariadb_backup_binlog_info")
        };
        let unit = self.unit();
        let last =
            if self.mysql { "once ready xtrabackup --prepare --target-dir=\"$staging/full\"\n" } else { "" };
        let logs = if self.logdir == self.datadir {
            String::new()
        } else {
            format!("once logs-aside aside {}\n", shell(&self.logdir))
        };
        let text = format!(
            r#"set -eu
staging={staging}
marks=$staging/.drc
test -d "$staging/full"
systemctl stop {unit}
mkdir -p "$marks"
# once NAME COMMAND...: does it unless it is done; refuses when it was cut off.
once() {{
    mark=$marks/$1; shift
    if [ -e "$mark.done" ]; then return; fi
    if [ -e "$mark.begun" ]; then echo "$mark was cut off: restore again" >&2; exit 1; fi
    : >"$mark.begun"; sync "$mark.begun"
    "$@"
    mv "$mark.begun" "$mark.done"
}}
aside() {{
    if [ -d "$1" ] && [ -n "$(ls -A "$1")" ]; then
        number=1
        while [ -e "$1.before-recovery-$number" ]; do number=$((number + 1)); done
        mv -T -- "$1" "$1.before-recovery-$number"
    fi
    mkdir -p -- "$1"
    chown mysql:mysql -- "$1"
    chmod 0750 -- "$1"
}}
newest=$staging/full
once full {tool} --prepare{keep} --target-dir="$staging/full"
for increment in "$staging"/inc*/; do
    [ -d "$increment" ] || continue
    increment=${{increment%/}}
    once "${{increment##*/}}" {tool} --prepare{keep} --target-dir="$staging/full" --incremental-dir="$increment"
    newest=$increment
done
{last}for note in "$newest/{note}" "$newest/xtrabackup_binlog_info"; do
    if [ -e "$note" ]; then cp -- "$note" {from}; break; fi
done
once data-aside aside {datadir}
{logs}once in-place {tool} --copy-back --target-dir="$staging/full" --datadir={datadir}
chown -R mysql:mysql -- {datadir}
: >"$marks/ready"; sync "$marks/ready""#,
            staging = shell(staging),
            from = shell(&self.from),
            datadir = shell(&self.datadir),
        );
        vec![
            Act::Unless(At::Host(host), format!("test -e {}", shell(&format!("{staging}/.drc/ready")))),
            Act::Run(At::Host(host), text),
        ]
    }

    /// A dump is loaded into the database that runs.
    pub fn load(&self, host: Idx<Host>, staging: &str) -> Vec<Act> {
        let text = format!(
            r#"set -eu
staging={staging}
from={from}
{writable}
loaded=
for dump in "$staging"/*.sql "$staging"/*.sql.gz "$staging"/*.sql.zst; do
    [ -f "$dump" ] || continue
    case $dump in
    *.gz) unpack='gzip -dc' ;;
    *.zst) unpack='zstd -dc' ;;
    *) unpack=cat ;;
    esac
    # Where the dump says its logs begin, for the replay.
    $unpack <"$dump" 2>/dev/null | head -n 1000 |
        sed -n "s/^.*\(MASTER\|SOURCE\)_LOG_FILE='\([^']*\)', *\(MASTER\|SOURCE\)_LOG_POS=\([0-9]*\).*/\2 \4/p" | head -n 1 >"$from"
    rm -f "$staging/.drc-failed"
    {{ $unpack <"$dump" || : >"$staging/.drc-failed"; }} | {client}
    if [ -e "$staging/.drc-failed" ]; then echo "$dump cannot be read" >&2; exit 1; fi
    loaded=1
done
test -n "$loaded"
: >"$staging/.drc-loaded""#,
            staging = shell(staging),
            from = shell(&self.from),
            writable = self.writable(),
            client = self.client(),
        );
        vec![
            Act::Unless(At::Host(host), format!("test -e {}", shell(&format!("{staging}/.drc-loaded")))),
            Act::Run(At::Host(host), text),
        ]
    }

    /// Logs are replayed from where the backup ends, up to the moment if people name one.
    pub fn replay(&self, host: Idx<Host>, path: &str, until: bool) -> Vec<Act> {
        let reader = if self.mysql { "mysqlbinlog" } else { "mariadb-binlog" };
        let stop = if until { " --stop-datetime=\"$DRC_MOMENT\"" } else { "" };
        let text = format!(
            r#"set -eu
cd {path}
if [ -e .drc-replay-begun ]; then echo 'the replay was cut off, and logs cannot be replayed twice: restore again' >&2; exit 1; fi
first= position=
if [ -s {from} ]; then read -r first position rest <{from}; fi
set --
next=
for log in ./*.[0-9][0-9][0-9][0-9][0-9]*; do
    [ -f "$log" ] || continue
    number=${{log##*.}}
    case $number in *[!0-9]*) continue ;; esac
    if [ $# -eq 0 ] && [ -n "$first" ] && [ "$log" != "./${{first##*/}}" ]; then continue; fi
    number=$(expr "$number" + 0)
    if [ -n "$next" ] && [ "$number" -ne "$next" ]; then echo "a log is missing before $log" >&2; exit 1; fi
    next=$((number + 1))
    set -- "$@" "$log"
done
if [ $# -eq 0 ]; then
    if [ -n "$first" ] && ls ./*.[0-9][0-9][0-9][0-9][0-9]* >/dev/null 2>&1; then
        echo "the logs do not begin with $first, where the backup ends" >&2
        exit 1
    fi
    echo 'there are no logs to replay'
else
    {writable}
    : >.drc-replay-begun; sync .drc-replay-begun
    rm -f .drc-failed
    {{ TZ=UTC {reader} ${{position:+--start-position="$position"}}{stop} -- "$@" || : >.drc-failed; }} | {client} --binary-mode
    if [ -e .drc-failed ]; then echo 'a log cannot be read' >&2; exit 1; fi
fi
: >.drc-replayed; sync .drc-replayed
rm -f .drc-replay-begun"#,
            path = shell(path),
            from = shell(&self.from),
            writable = self.writable(),
            client = self.client(),
        );
        vec![
            Act::Unless(At::Host(host), format!("test -e {}", shell(&format!("{path}/.drc-replayed")))),
            Act::Run(At::Host(host), text),
        ]
    }

    /// A replica fetches what another has more of, applies it all and becomes the primary.
    pub fn promote(&self, host: Idx<Host>, others: &[Idx<Host>], patience: u64) -> Vec<Act> {
        let reads = if self.mysql { "Replica_SQL_Running" } else { "Slave_SQL_Running" };
        let (stop_io, start_sql, stop, forget) = if self.mysql {
            ("STOP REPLICA IO_THREAD", "START REPLICA SQL_THREAD", "STOP REPLICA", "RESET REPLICA ALL")
        } else {
            ("STOP SLAVE IO_THREAD", "START SLAVE SQL_THREAD", "STOP SLAVE", "RESET SLAVE ALL")
        };
        let status = self.replica_status();
        let text = format!(
            r#"set -eu
{status} | grep -q {reads}: || {{ echo 'this is no replica' >&2; exit 1; }}
{stop_io}
{start_sql}
end=$(($(date +%s) + {patience}))
until {status} | grep -q 'has read all relay log'; do
    {status} | grep -q '{reads}: Yes' || {{ {status} | grep -i error >&2; exit 1; }}
    if [ "$(date +%s)" -gt "$end" ]; then echo 'what was received is not applied in time' >&2; exit 1; fi
    sleep 1
done
{stop}
{writable}
{forget}"#,
            stop_io = self.sql(stop_io),
            start_sql = self.sql(start_sql),
            stop = self.sql(stop),
            writable = self.writable(),
            // Last: until then it can be told from a server that never was a replica, so that what
            // was cut off can be done again.
            forget = self.sql(forget),
        );
        let mut acts = vec![Act::Unless(
            At::Host(host),
            format!("test -z \"$({status})\" && test \"$({})\" = 0", self.sql("SELECT @@GLOBAL.read_only")),
        )];
        acts.push(Act::Furthest {
            family: self.family.clone(),
            options: self.options.clone(),
            seconds: patience,
            chosen: host,
            others: others.iter().map(|o| (*o, self.change(*o))).collect(),
        });
        acts.push(Act::Run(At::Host(host), text));
        acts
    }

    /// There are tables that can be read; then it takes writes.
    pub fn verify(&self, host: Idx<Host>) -> Vec<Act> {
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema NOT IN \
                      ('mysql','information_schema','performance_schema','sys')";
        vec![
            Act::Run(At::Host(host), format!("test \"$({})\" -gt 0", self.sql(tables))),
            Act::Run(At::Host(host), self.writable()),
        ]
    }

    /// A primary whose synchronous replicas are gone goes on alone.
    pub fn resume(&self, host: Idx<Host>, patience: u64) -> Vec<Act> {
        let status = self.sql("SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync%status'");
        let alone = format!("{status} | grep -Eq '(master|source)_status[[:space:]]+OFF'");
        vec![Act::Await(At::Host(host), patience, alone)]
    }

    fn follows(&self) -> String {
        let word = if self.mysql { "Replica" } else { "Slave" };
        format!("test \"$({} | grep -Ec '{word}_(IO|SQL)_Running: Yes')\" = 2", self.replica_status())
    }

    fn follows_at(&self, primary: Idx<Host>) -> String {
        let reads_from = if self.mysql { "Source_Host" } else { "Master_Host" };
        format!(
            "{} && {} | grep -qF '{reads_from}: {}'",
            self.follows(),
            self.replica_status(),
            address(self.input, primary)
        )
    }

    /// A replica that has an account keeps it.
    fn change(&self, primary: Idx<Host>) -> String {
        let to = address(self.input, primary);
        let port = self.port;
        if self.mysql {
            format!(
                "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST='{to}', SOURCE_PORT={port}, \
                 SOURCE_AUTO_POSITION=1; START REPLICA"
            )
        } else {
            format!(
                "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='{to}', MASTER_PORT={port}, \
                 MASTER_USE_GTID=slave_pos; START SLAVE"
            )
        }
    }

    /// A replica follows the new primary.
    pub fn repoint(&self, replica: Idx<Host>, primary: Idx<Host>) -> Vec<Act> {
        let there = self.follows_at(primary);
        vec![
            Act::Unless(At::Host(replica), there.clone()),
            Act::Run(At::Host(replica), self.sql(&self.change(primary))),
            Act::Await(At::Host(replica), 120, there),
        ]
    }

    /// What a person types into the client: the account has a password, which stands in no file.
    fn follow(&self, primary: Idx<Host>) -> String {
        let to = address(self.input, primary);
        let port = self.port;
        let client = self.client();
        let (role, stop, change, position, start) = if self.mysql {
            let position = "SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1";
            ("SOURCE", "STOP REPLICA", "CHANGE REPLICATION SOURCE TO", position, "START REPLICA")
        } else {
            ("MASTER", "STOP SLAVE", "CHANGE MASTER TO", "MASTER_USE_GTID=slave_pos", "START SLAVE")
        };
        format!(
            "{client}\n\
             -- In this client, with the name and the password of the replication account for USER and PASSWORD:\n\
             {stop};\n\
             {change} {role}_HOST='{to}', {role}_PORT={port}, {role}_USER='USER', {role}_PASSWORD='PASSWORD', {position};\n\
             {start};"
        )
    }

    /// A lost copy is made again from the new primary, by people: no account of the estate may
    /// write as root from one host to another.
    pub fn seed(&self, host: Idx<Host>, from: Idx<Host>) -> Vec<Act> {
        let folder = format!("{}/seed", self.from.trim_end_matches("/replay-from"));
        let (tool, stream) =
            if self.mysql { ("xtrabackup", "xbstream") } else { ("mariadb-backup", "mbstream") };
        let receive = format!("mkdir -p {dir} && {stream} -x -C {dir}", dir = shell(&folder));
        let send = format!(
            "{tool} --defaults-extra-file={} --backup --stream={stream} | ssh root@{} {}",
            shell(&self.options),
            address(self.input, host),
            shell(&receive)
        );
        let mut aside = vec![shell(&self.datadir)];
        if self.logdir != self.datadir {
            aside.push(shell(&self.logdir));
        }
        let place = format!(
            r#"set -eu
systemctl stop {unit}
{tool} --prepare --target-dir={dir}
for folder in {aside}; do
    number=1
    while [ -e "$folder.before-recovery-$number" ]; do number=$((number + 1)); done
    if [ -d "$folder" ]; then mv -T -- "$folder" "$folder.before-recovery-$number"; fi
    install -d -m 750 -o mysql -g mysql -- "$folder"
done
{tool} --copy-back --target-dir={dir} --datadir={data}
chown -R mysql:mysql -- {data}
systemctl start {unit}"#,
            unit = self.unit(),
            dir = shell(&folder),
            data = shell(&self.datadir),
            aside = aside.join(" "),
        );
        vec![
            Act::Guide(At::Host(from), send),
            Act::Guide(At::Host(host), place),
            Act::Guide(At::Host(host), self.begin_at(&folder)),
            Act::Guide(At::Host(host), self.follow(from)),
            Act::Confirm(format!(
                "{} has been seeded from {} and follows it",
                self.input.model.hosts[host].name, self.input.model.hosts[from].name
            )),
            Act::Await(At::Host(host), 600, self.follows()),
        ]
    }

    /// What tells a server that was made from a backup which transactions it has: without it, it
    /// would apply again what the backup holds.
    fn begin_at(&self, folder: &str) -> String {
        let client = self.client();
        let dir = shell(folder);
        if self.mysql {
            return format!(
                r#"set -eu
position=$(cut -f 3- {dir}/xtrabackup_binlog_info | tr -d ' \t\n')
test -n "$position"
{client} -e 'STOP REPLICA; RESET REPLICA ALL; SET GLOBAL super_read_only = 0'
{client} -e 'RESET BINARY LOGS AND GTIDS' || {client} -e 'RESET MASTER'
{client} -e "SET GLOBAL gtid_purged = '$position'; SET GLOBAL super_read_only = 1""#
            );
        }
        format!(
            r#"set -eu
note={dir}/mariadb_backup_binlog_info
if [ ! -e "$note" ]; then note={dir}/xtrabackup_binlog_info; fi
position=$(head -n 1 -- "$note" | cut -f 3)
test -n "$position"
{client} -e "SET GLOBAL read_only = 1; STOP SLAVE; RESET SLAVE ALL; SET GLOBAL gtid_slave_pos = '$position'""#
        )
    }

    /// Work goes back to a replica that has everything, and the primary of now follows it.
    pub fn hand_back(&self, from: Idx<Host>, to: Idx<Host>) -> Vec<Act> {
        let name = |h: Idx<Host>| &self.input.model.hosts[h].name;
        let stop = if self.mysql { "STOP REPLICA; RESET REPLICA ALL" } else { "STOP SLAVE; RESET SLAVE ALL" };
        let mut acts = vec![
            Act::Unless(At::Host(from), self.follows_at(to)),
            Act::Confirm(format!(
                "It is a quiet hour: writes may stop for some minutes, and {} follows {}",
                name(to),
                name(from)
            )),
            Act::Handover {
                family: self.family.clone(),
                options: self.options.clone(),
                from,
                to,
                seconds: 600,
            },
            Act::Run(At::Host(to), self.sql(stop)),
            Act::Run(At::Host(to), self.writable()),
        ];
        if !self.mysql {
            // What it wrote as the primary is in its log alone: it must not fetch that back.
            let own = "STOP SLAVE; SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_current_pos";
            acts.push(Act::Run(At::Host(from), self.sql(own)));
        }
        acts.extend([
            Act::Guide(At::Host(from), self.follow(to)),
            Act::Confirm(format!("{} follows {}", name(from), name(to))),
            Act::Await(At::Host(from), 120, self.follows_at(to)),
        ]);
        acts
    }
}
