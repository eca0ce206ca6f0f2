//! The plan and its steps.

use super::exposure::Exposure;
use crate::base::EcoString;
pub use crate::model::Subject;
use crate::model::{Cluster, Copy, Data, Dns, Host, Pool, Response, Scenario, Service, Store, Vip};
use crate::ops::{Director, Job};
use crate::quantity::{Bytes, Duration};
use la_arena::Idx;

/// An ordered recovery from one scenario.
#[derive(Debug)]
pub struct Plan {
    /// What went wrong.
    pub scenario: Scenario,
    /// The scenario's name, such as `site hz-a`; for a corruption with the data class behind it:
    /// `corruption orders`.
    pub title: String,
    /// A folder name made from it, unique among plans: `site-hz-a`.
    pub slug: EcoString,
    /// Which copy serves each data class that was hit.
    pub choices: Vec<Choice>,
    /// The steps in an order in which they can be done: each stands behind all it waits for, and
    /// steps that share a resource stand in the order in which they get it.
    pub steps: Vec<Step>,
    /// The step whose end is the recovery of a data class or service.
    pub recovered: Vec<(Subject, usize)>,
    /// What cannot be recovered, and why.
    pub lost: Vec<(Subject, Reason)>,
    /// What the operators must know, such as data classes that end at different moments.
    pub notes: Vec<String>,
    /// How long protection is thin afterwards, by data class. Filled in for plans that are shown or
    /// emitted: [`super::expose`].
    pub exposure: Vec<Exposure>,
}

/// The copy from which one data class is recovered.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The data class.
    pub data: Idx<Data>,
    /// The copy; for several semi-sync replicas the first of those of which the most advanced
    /// is taken.
    pub copy: Idx<Copy>,
    /// How it becomes the primary.
    pub means: Means,
    /// Where the data class lives afterwards.
    pub target: Idx<Host>,
    /// Recent work that is lost at most; `None` without a bound.
    pub loss: Option<Duration>,
    /// Recent work whose loss can surely happen.
    pub loss_surely: Duration,
    /// Why there is no bound, when there is none.
    pub reason: Option<Reason>,
    /// How long its feed had been cut when the last strike fell; part of `loss`.
    pub cut: super::Outage,
    /// When contents go wrong: how long people go on writing before it is found and stopped; all
    /// of that is discarded.
    pub discarded: Option<Duration>,
}

/// Why something has no bound or cannot be recovered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reason {
    /// Every copy is lost, out of reach, or of no use against this.
    NoCopySurvives,
    /// Its copies are taken file by file while files that belong together change.
    NoConsistentMoment,
    /// More is written than the way to the copy carries.
    NeverCatchesUp,
    /// A run may still be going when the next is due.
    Overruns,
    /// The server may drop logs before a run has carried them, so that replay stops there.
    LogsExpire,
    /// The copy is not kept, or not protected, long enough to be read when it is needed.
    KeptTooShort,
    /// Its runs stop before the horizon ends: no volume or no room is left. Another finding says
    /// where.
    RunsStop,
    /// The spec does not say something that is needed; what.
    MissingInput(String),
    /// Writes wait for replicas that are gone, for ever.
    Stalls,
    /// Not enough servers are left or can be had; how many are wanted and left.
    TooFewServers(u64, u64),
    /// No address is left by which it is reached.
    NoWayIn,
    /// What is needed and is itself not recovered.
    Needs(EcoString),
    /// Every place of the key that opens the backups is gone; the backup server.
    KeysLost(EcoString),
    /// No director is left that could read the store; the store.
    CatalogueLost(EcoString),
    /// The host whose name server takes the updates is gone.
    NameServerLost(EcoString),
    /// No host is left, in reach of a step, from which plans are run.
    ControlHostLost,
    /// Every place where the plans are kept is gone.
    PlansLost,
    /// It goes on in a site that nobody reaches.
    CutOff(EcoString),
    /// What it needs would have to be served from elsewhere for it, which no plan tries; what.
    Elsewhere(EcoString),
    /// What opens its backup can be recovered only by itself; what opens it.
    Circle(EcoString),
}

impl Reason {
    /// Whether nothing may be left to be read, so that no time can be counted on either.
    pub fn leaves_nothing(&self) -> bool {
        matches!(self, Self::KeptTooShort | Self::RunsStop)
    }

    /// Its name in outputs for machines.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NoCopySurvives => "no-copy-survives",
            Self::NoConsistentMoment => "no-consistent-moment",
            Self::NeverCatchesUp => "never-catches-up",
            Self::Overruns => "overruns",
            Self::LogsExpire => "logs-expire",
            Self::KeptTooShort => "kept-too-short",
            Self::RunsStop => "runs-stop",
            Self::MissingInput(_) => "missing-input",
            Self::Stalls => "stalls",
            Self::TooFewServers(..) => "too-few-servers",
            Self::NoWayIn => "no-way-in",
            Self::Needs(_) => "needs-what-is-lost",
            Self::KeysLost(_) => "keys-lost",
            Self::CatalogueLost(_) => "catalogue-lost",
            Self::NameServerLost(_) => "name-server-lost",
            Self::ControlHostLost => "control-host-lost",
            Self::PlansLost => "plans-lost",
            Self::CutOff(_) => "cut-off",
            Self::Elsewhere(_) => "served-elsewhere",
            Self::Circle(_) => "recovery-cycle",
        }
    }

    /// Whether it is a lack of knowledge rather than a loss.
    pub fn is_ignorance(&self) -> bool {
        matches!(self, Self::MissingInput(_) | Self::NoConsistentMoment | Self::Elsewhere(_))
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoCopySurvives => f.write_str("no copy survives that could be used"),
            Self::NoConsistentMoment => {
                f.write_str("its files belong together, and no copy is of one moment")
            }
            Self::NeverCatchesUp => f.write_str("more is written than the way to the copy carries"),
            Self::Overruns => f.write_str("a run may still be going when the next is due"),
            Self::LogsExpire => f.write_str("the server may drop logs before a run has carried them"),
            Self::KeptTooShort => {
                f.write_str("the copy is not kept long enough to be read when it is needed")
            }
            Self::RunsStop => f.write_str("its runs stop: no volume, or no room, is left for them"),
            Self::MissingInput(what) => write!(f, "the spec does not say {what}"),
            Self::Stalls => f.write_str("writes wait for replicas that are gone"),
            Self::TooFewServers(wanted, left) => {
                let servers = if *wanted == 1 { "server is" } else { "servers are" };
                write!(f, "{wanted} {servers} needed, and {left} can be had that reach what they work with")
            }
            Self::NoWayIn => f.write_str("no address is left by which it is reached"),
            Self::Needs(what) => write!(f, "it needs `{what}`, which is not recovered"),
            Self::Elsewhere(what) => {
                write!(f, "it needs `{what}`, which works for others and out of its reach")
            }
            Self::KeysLost(server) => write!(f, "every key to the backups of `{server}` is lost"),
            Self::CatalogueLost(store) => write!(f, "no director is left that could read `{store}`"),
            Self::NameServerLost(host) => {
                write!(f, "`{host}`, whose name server takes the updates, is lost")
            }
            Self::ControlHostLost => f.write_str("no host is left from which the plan could be run"),
            Self::PlansLost => f.write_str("every place where the plans are kept is lost"),
            Self::CutOff(site) => write!(f, "it goes on in `{site}`, which nobody reaches"),
            Self::Circle(what) => {
                write!(f, "its backup is opened by `{what}`, which waits for the same recovery")
            }
        }
    }
}

/// How a copy becomes the primary.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Means {
    /// A replica is promoted.
    Promote,
    /// A mirror is put in the place of the tree.
    Publish,
    /// A backup is restored.
    Restore,
}

/// Least and most.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Interval {
    /// The least it can take or the earliest it can be.
    pub least: Duration,
    /// The most; verdicts use this end.
    pub most: Duration,
}

/// One step.
#[derive(Debug)]
pub struct Step {
    /// What is done.
    pub kind: StepKind,
    /// Who does it.
    pub actor: Actor,
    /// The steps that must have ended before, by index, each less than this step's own.
    pub after: Vec<usize>,
    /// Which of them had before it what it holds, and what that is: for the others it waits because
    /// of what they do. For those of which it waits for people, maybe for both.
    pub behind: Vec<(usize, Resource)>,
    /// What it holds while it runs.
    pub holds: Vec<Resource>,
    /// How long it takes.
    pub takes: Interval,
    /// Who is waited for where people's time counts.
    pub response: Option<Idx<Response>>,
    /// When it starts, from the strike, when every step takes the most.
    pub start: Duration,
    /// When it ends, from the strike, when every step takes the most.
    pub finish: Duration,
    /// When it ends in a behaviour that can surely happen: what is only bounded from above counts
    /// as nothing. A bound below this is refuted.
    pub surely: Duration,
    /// Which part of the plan it belongs to.
    pub stage: Stage,
}

impl Step {
    /// Whether it waits for another only until that lets go of a thing, and so goes on when it gives
    /// up. Who waits for people may wait for what they do.
    pub fn waits_for_a_thing(&self, other: usize) -> bool {
        self.behind.iter().any(|(step, what)| *step == other && *what != Resource::Operator)
    }
}

/// The parts of a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Until everything that was hit works again.
    Recover,
    /// Afterwards: protection, messages.
    Afterwards,
    /// The way back, started by people on a day of their choice.
    Failback,
}

/// Who does a step.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// It happens by itself; the runner waits until it is seen.
    Automatic,
    /// A person looks, decides or confirms.
    Person,
    /// The runner, on a host.
    Runner,
}

/// What steps share and only one can have at a time. An operator is one of several.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// A store's reading head.
    Store(Idx<Store>),
    /// A link's backup share.
    Link(Idx<crate::model::Link>),
    /// A host's disk and card.
    Host(Idx<Host>),
    /// One of the people.
    Operator,
}

/// What is done in a step. The emitters turn it into words and commands.
#[derive(Clone, Debug)]
pub enum StepKind {
    /// Somebody or something notices.
    Detect {
        /// Whether it does not show by itself, as wrong contents do not.
        hidden: bool,
    },
    /// A primary whose synchronous replicas are gone gives up waiting for them.
    Resume {
        /// The database.
        cluster: Idx<Cluster>,
    },
    /// People decide that this is the disaster that the plan is for.
    Declare,
    /// What might still write is made harmless: switched off by a person, who confirms it; its
    /// settings make it start read-only.
    Fence {
        /// The host that may still write.
        host: Idx<Host>,
        /// Whether it can still be reached from outside.
        reachable: bool,
    },
    /// Scheduled jobs of a director stop, so that they neither overwrite nor compete.
    Hold {
        /// The director.
        director: Idx<Director>,
    },
    /// A machine is brought in the place of a lost one, with the same name and address.
    Provision {
        /// Its host.
        host: Idx<Host>,
        /// Whether its whole site is gone, so that the site must be replaced.
        site: bool,
    },
    /// The volumes of a job are read into the catalogue of a standby director.
    Scan {
        /// The standby director.
        director: Idx<Director>,
        /// The store that is read.
        store: Idx<Store>,
        /// The jobs whose volumes are read.
        jobs: Vec<Idx<Job>>,
        /// How much is read at most.
        bytes: Bytes,
        /// How much is surely there to be read: fulls as large as the data is today.
        least: Bytes,
    },
    /// Backed-up files come back to a host.
    Restore {
        /// The data class.
        data: Idx<Data>,
        /// The backup or copy.
        copy: Idx<Copy>,
        /// The director that restores.
        director: Idx<Director>,
        /// The store that is read.
        store: Idx<Store>,
        /// The jobs whose newest runs before the chosen moment make the chain: data first, logs
        /// after it.
        jobs: Vec<Idx<Job>>,
        /// Where to.
        to: Idx<Host>,
        /// How much is moved at most.
        bytes: Bytes,
        /// How much is moved at least: the data as it is today.
        least: Bytes,
    },
    /// A staged physical backup is made ready, or a dump is loaded, and put in place.
    Prepare {
        /// The database.
        cluster: Idx<Cluster>,
        /// The data class.
        data: Idx<Data>,
        /// On which host.
        host: Idx<Host>,
        /// The folder of the restored staging.
        staging: EcoString,
        /// Whether it is a dump.
        dump: bool,
        /// How much there is at most.
        bytes: Bytes,
        /// How much there is at least.
        least: Bytes,
    },
    /// A database is started, with crash recovery.
    StartDatabase {
        /// The database.
        cluster: Idx<Cluster>,
        /// On which host.
        host: Idx<Host>,
    },
    /// Logs are replayed up to the chosen moment.
    Replay {
        /// The database.
        cluster: Idx<Cluster>,
        /// On which host.
        host: Idx<Host>,
        /// The folder of the restored logs.
        path: EcoString,
        /// How much at most.
        bytes: Bytes,
        /// How much it surely can be.
        least: Bytes,
        /// Whether people name the moment at which to stop, as after a corruption.
        until: bool,
    },
    /// A replica applies what it has and becomes the primary.
    Promote {
        /// The database.
        cluster: Idx<Cluster>,
        /// The replica; it fetches first what another in reach has more of.
        host: Idx<Host>,
        /// The other surviving replicas, asked for their positions.
        others: Vec<Idx<Host>>,
        /// How long what it reads from may have brought it nothing before the last loss: what the
        /// others have more of is that much more.
        cut: Duration,
    },
    /// The newest complete snapshot of a mirror is put in the place of the tree.
    Publish {
        /// The data class.
        data: Idx<Data>,
        /// The mirror's job.
        job: Idx<Job>,
        /// Where.
        host: Idx<Host>,
    },
    /// The recovered data is looked at before it is trusted.
    VerifyData {
        /// The data class.
        data: Idx<Data>,
        /// Where.
        host: Idx<Host>,
    },
    /// A standby member of a pool is started.
    StartMember {
        /// The pool.
        pool: Idx<Pool>,
        /// The service that it then runs.
        service: Idx<Service>,
        /// The member.
        host: Idx<Host>,
    },
    /// A balancer or VRRP moves by itself.
    TakeOver {
        /// The address.
        vip: Idx<Vip>,
        /// The host that has it afterwards.
        to: Idx<Host>,
    },
    /// The balancer takes lost members of a pool out by itself.
    DropMembers {
        /// The pool.
        pool: Idx<Pool>,
        /// Whether one of them is alive, and does not reach what it works with.
        alive: bool,
    },
    /// Records of a name are replaced, and resolvers forget the old ones.
    SwitchDns {
        /// The name.
        dns: Idx<Dns>,
        /// The addresses that it points to from now on.
        to: Vec<std::net::IpAddr>,
    },
    /// A service's check passes over every path.
    VerifyService {
        /// The service.
        service: Idx<Service>,
        /// A name by which it is reached whose name server is gone.
        unnamed: Option<Idx<Dns>>,
    },
    /// Surviving replicas follow the new primary.
    Repoint {
        /// The database.
        cluster: Idx<Cluster>,
        /// The replica.
        replica: Idx<Host>,
        /// The new primary.
        primary: Idx<Host>,
    },
    /// People are told.
    Announce,
    /// The lost copy is made again from the new primary, before traffic goes back.
    Reprotect {
        /// The data class.
        data: Idx<Data>,
        /// The host that gets the copy.
        host: Idx<Host>,
        /// The host that has the data now.
        from: Idx<Host>,
    },
    /// Work goes back to where it was, in a quiet hour, with nothing lost.
    FailBack {
        /// The data class.
        data: Idx<Data>,
        /// From where.
        from: Idx<Host>,
        /// To where.
        to: Idx<Host>,
    },
    /// Held jobs are let go again.
    Release {
        /// The director.
        director: Idx<Director>,
    },
}

impl StepKind {
    /// What is done, as a short verb.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Detect { .. } => "detect",
            Self::Resume { .. } => "resume",
            Self::Declare => "declare",
            Self::Fence { .. } => "fence",
            Self::Hold { .. } => "hold",
            Self::Provision { .. } => "provision",
            Self::Scan { .. } => "scan",
            Self::Restore { .. } => "restore",
            Self::Prepare { .. } => "prepare",
            Self::StartDatabase { .. } => "start-database",
            Self::Replay { .. } => "replay",
            Self::Promote { .. } => "promote",
            Self::Publish { .. } => "publish",
            Self::VerifyData { .. } => "verify-data",
            Self::StartMember { .. } => "start-member",
            Self::TakeOver { .. } => "take-over",
            Self::DropMembers { .. } => "drop-members",
            Self::SwitchDns { .. } => "switch-dns",
            Self::VerifyService { .. } => "verify-service",
            Self::Repoint { .. } => "repoint",
            Self::Announce => "announce",
            Self::Reprotect { .. } => "reprotect",
            Self::FailBack { .. } => "fail-back",
            Self::Release { .. } => "release",
        }
    }
}
