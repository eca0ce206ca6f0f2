//! What Bacula's consoles and tools are told. The names are those of the Bacula target: a job, its
//! file set and its pool share a name, a client is `HOST-fd`, a Restore job is `restore_HOST`, and
//! volumes are the pool's name with a number behind it.

use crate::base::EcoString;
use crate::emit::quote::shell;
use crate::emit::target::Input;
use crate::emit::targets::bacula::names;
use crate::emit::targets::plans::act::{Act, At, Chain, Restore};
use crate::model::Host;
use crate::ops::{Director, Job, JobKind, Staging};
use la_arena::Idx;

fn console(lines: &[String]) -> String {
    let words: Vec<String> = lines.iter().map(|l| shell(l)).collect();
    format!("printf '%s\\n' {} | bconsole -c {}", words.join(" "), names::CONSOLE_CONF)
}

/// Which runs of some jobs a director has in progress or in its queue, and that they are given up:
/// a job that is switched off is only not started again. Asked until none is left, since a run takes
/// a moment to end, one that waits for its time up to half a minute. `status` lists ended runs too, and writes the name behind at least four columns, the byte count in one
/// word or two; other jobs, restores among them, are left alone.
fn give_up(jobs: &[&str]) -> String {
    let console = format!("bconsole -c {}", names::CONSOLE_CONF);
    format!(
        r#"names={names}
for turn in $(seq 20); do
  ids=$(echo 'status dir running' | {console} | awk -v names="$names" '/^[A-Z].* Jobs:/ {{ running = /^Running/ }} running && $1 ~ /^[0-9]+$/ {{ for (i = 5; i <= NF; i++) if (index(names, " " $i " ")) {{ print $1; next }} }}')
  [ -n "$ids" ] || exit 0
  for id in $ids; do echo "cancel jobid=$id yes" | {console}; done
  sleep 2
done
echo "still running: $ids" >&2
exit 1"#,
        names = shell(&format!(" {} ", jobs.join(" "))),
    )
}

/// All jobs of a director that a schedule starts are switched off, and what goes on of them is given
/// up; or they are switched on.
pub fn switch(input: Input<'_>, verb: &str, director: Idx<Director>) -> Vec<Act> {
    let own = |j: &&Job| j.kind.director() == Some(director);
    let jobs = input.ops.jobs.iter().map(|(_, j)| j).filter(own);
    let jobs: Vec<&str> = jobs.map(|j| j.name.as_str()).collect();
    let lines: Vec<String> = jobs.iter().map(|j| format!("{verb} job={j}")).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    let text = match verb {
        "disable" => format!("set -e\n{}\n{}", console(&lines), give_up(&jobs)),
        _ => console(&lines),
    };
    vec![Act::Run(At::Host(input.ops.directors[director].host), text)]
}

/// The volumes of jobs are read into the catalogue of a director that only restores.
pub fn scan(input: Input<'_>, director: Idx<Director>, jobs: &[Idx<Job>]) -> Vec<Act> {
    let pools: Vec<&str> = jobs.iter().map(|j| input.ops.jobs[*j].name.as_str()).collect();
    let text = format!("{} {}", names::READ_VOLUMES, pools.join(" "));
    vec![Act::Run(At::Host(input.ops.directors[director].host), text)]
}

/// The newest runs come back, data first, logs after it.
pub fn restore(input: Input<'_>, director: Idx<Director>, jobs: &[Idx<Job>], to: Idx<Host>) -> Vec<Act> {
    let d = &input.ops.directors[director];
    let one = |job: &Idx<Job>| {
        let first = &input.ops.jobs[input.ops.original(*job)];
        let (client, staged, log): (_, Option<&EcoString>, bool) = match &first.kind {
            JobKind::Files { client, .. } => (*client, None, false),
            JobKind::Database { client, staging, .. } => match staging {
                Staging::Physical { path } | Staging::Logical { path } => (*client, Some(path), false),
            },
            JobKind::Log { client, path, .. } => (*client, Some(path), true),
            JobKind::Copy { .. } | JobKind::Verify { .. } | JobKind::Mirror { .. } => return None,
        };
        let chain = if log { Chain::Log } else { Chain::Data };
        let host = |h: Idx<Host>| &input.model.hosts[h].name;
        Some(Act::Restore(Restore {
            director: d.host,
            chain,
            job: first.name.clone(),
            pool: input.ops.jobs[*job].name.clone(),
            from: names::client(host(input.ops.clients[client].host)),
            to: names::client(host(to)),
            by: names::restore_job(host(to)),
            host: to,
            folder: staged.cloned().unwrap_or_default(),
        }))
    };
    jobs.iter().filter_map(one).collect()
}
