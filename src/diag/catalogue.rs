//! The one list of findings. Each has a kebab-case name that reads after "allow", a page under
//! `pages/NAME.md`, and a file `examples/broken/NAME.dr` that raises it: tests hold all three.

use super::Severity;

/// One kind of finding.
#[derive(PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its name, stable for ever.
    pub name: &'static str,
    /// Its weight unless a flag says otherwise.
    pub severity: Severity,
    /// The stage that finds it.
    pub stage: &'static str,
    /// What it means, in a line.
    pub summary: &'static str,
}

macro_rules! declare {
    ($($constant:ident $name:literal $severity:ident $stage:ident $summary:literal;)*) => {
        $(#[doc = $summary]
        pub static $constant: Entry = Entry {
            name: $name,
            severity: Severity::$severity,
            stage: stringify!($stage),
            summary: $summary,
        };)*

        /// Every entry, in the order of the list.
        pub static ALL: &[&Entry] = &[$(&$constant),*];
    };
}

declare! {
    // Reading and syntax.
    UNREADABLE_FILE "unreadable-file" Error load "a file that `use` names cannot be read";
    TOO_LARGE "too-large" Error load "a file is larger than the limit";
    NOT_UTF8 "not-utf8" Error load "a file is not UTF-8 text";
    TOO_DEEP "too-deep" Error parse "braces, brackets or parentheses are nested too deeply";
    SYNTAX "syntax" Error parse "the text does not follow the grammar";
    MISSING_BRACE "missing-brace" Error parse "a block is never closed";
    STRAY_BRACE "stray-brace" Error parse "a brace closes nothing";
    UNCLOSED_STRING "unclosed-string" Error parse "a string has no closing quote on its line";
    // Names and types.
    TOO_MANY_ITEMS "too-many-items" Error resolve "loops and patterns unroll to more items, or `use` brings in more files, than the limit";
    BAD_FORM "bad-form" Error resolve "an entry is put together in a way that its kind does not have";
    UNKNOWN_MODULE "unknown-module" Error resolve "`use` names a module that the library does not have";
    DUPLICATE_NAME "duplicate-name" Error resolve "two things have the same name";
    MISPLACED "misplaced" Error resolve "an entry stands where it cannot";
    UNKNOWN_WORD "unknown-word" Error resolve "a block has no such attribute or inner block";
    STATED_TWICE "stated-twice" Error resolve "a block states an attribute twice";
    BAD_NAME "bad-name" Error resolve "a name has characters or a length that names do not have";
    CIRCULAR "circular" Error resolve "a definition needs itself";
    UNKNOWN_NAME "unknown-name" Error resolve "a name is used that nothing declares";
    BAD_ARGUMENT "bad-argument" Error resolve "a pattern or a function does not take these arguments";
    WRONG_KIND "wrong-kind" Error resolve "a name means another kind of thing than is wanted";
    MISSING_ATTRIBUTE "missing-attribute" Error resolve "a block lacks something that it must state";
    WRONG_TYPE "wrong-type" Error resolve "a value has another type than is wanted";
    OUT_OF_RANGE "out-of-range" Error resolve "a number is outside of what can be";
    UNKNOWN_UNIT "unknown-unit" Error resolve "a unit that does not exist";
    AMBIGUOUS_UNIT "ambiguous-unit" Error resolve "a unit that people read in two ways";
    DIMENSION_MISMATCH "dimension-mismatch" Error resolve "arithmetic on quantities that do not go together";
    LITERAL_SECRET "literal-secret" Error resolve "a secret is written into the spec";
    UNALIGNED_SCHEDULE "unaligned-schedule" Error resolve "an interval that does not divide the hour or the day";
    SKIPPED_MONTHS "skipped-months" Error resolve "a schedule on a day that not every month has";
    BAD_TABLE "bad-table" Error resolve "a table that `csv` or `json` names cannot be read";

    // The estate.
    UNKNOWN_ZONE "unknown-zone" Error model "a time zone that does not exist";
    SHARES_EXCEED_LINK "shares-exceed-link" Error model "the shares of a link come to more than 100 %";
    NO_ROUTE "no-route" Error model "nothing says which links a copy takes";
    BROKEN_ROUTE "broken-route" Error model "the links of a route do not join up";
    NOT_A_REPLICA "not-a-replica" Error model "a host is named as a replica and is none";
    REPLICA_CYCLE "replica-cycle" Error model "replicas read one another in a circle";
    COPY_ON_ITSELF "copy-on-itself" Error model "a copy stands on the host of its original";
    WRONG_PROTECTION "wrong-protection" Error model "a kind of copy that this data cannot have";
    DUPLICATE_COPY "duplicate-copy" Error model "a data class has the same copy twice";
    NOTHING_TO_COPY "nothing-to-copy" Error model "a copy of a backup that is not there";
    VIP_APART "vip-apart" Error model "the hosts of a virtual address stand in different sites";
    FAILOVER_BY_PEOPLE "failover-by-people" Warning model "an automatic failover that nothing performs";
    MIXED_CURRENCIES "mixed-currencies" Error model "money in more than one currency";
    EVEN_VOTES "even-votes" Warning model "a cluster whose votes can part in halves";
    NO_QUORUM "no-quorum" Warning model "a site without which a cluster has no majority";
    TOO_MANY_COMBINATIONS "too-many-combinations" Error model "a scenario that stands for more combinations than are judged";
    TWO_DIRECTORS "two-directors" Error model "a store has two backup servers";

    // Operations.
    NO_SHARE "no-share" Error operate "a divided link gives no share to something that crosses it";
    COPIES_DIFFER "copies-differ" Error operate "data classes of one database state different copies at the same place";
    TOO_MANY_VIPS "too-many-vips" Error operate "more virtual addresses in a site than VRRP can tell apart";
    MISSING_ADDRESS "missing-address" Error operate "a host that takes part in something has no address";
    SAME_ADDRESS "same-address" Error operate "two hosts have the same address";

    // Verdicts and what keeps them from being proved.
    RPO_NOT_MET "rpo-not-met" Error judge "more recent work can be lost than the tier allows";
    RTO_NOT_MET "rto-not-met" Error judge "recovery can take longer than the tier allows";
    RPO_UNPROVED "rpo-unproved" Error judge "nothing shows how much recent work can be lost";
    RTO_UNPROVED "rto-unproved" Error judge "nothing shows how long recovery takes";
    RUN_OVERRUNS "run-overruns" Error judge "a scheduled run may still be going when the next is due";
    OVERRUNS_AFTER_MISSES "overruns-after-misses" Warning judge "a run that makes up for missed ones may still be going when the next is due";
    POOL_EXHAUSTED "pool-exhausted" Error judge "a run finds no volume that it may overwrite, and waits for an operator";
    CHAIN_BREAKS "chain-breaks" Error judge "a recovery point is to be kept longer than what it stands on";
    FILES_FORGOTTEN "files-forgotten" Error judge "the catalogue forgets what volumes are still to be restored from";
    LOCKED_VOLUMES "locked-volumes" Error judge "a pool is to overwrite volumes before its store lets anybody";
    ONE_FULL_KEPT "one-full-kept" Warning judge "fulls are kept for less than two of their intervals";
    STORE_OVERFLOWS "store-overflows" Error judge "a store may hold more than its mark within the horizon";
    DISK_OVERFLOWS "disk-overflows" Error judge "a disk may hold more than its mark within the horizon";
    WINDOW_MISSED "window-missed" Error judge "a scheduled run may end outside of the window that its schedule states";
    NEVER_CATCHES_UP "never-catches-up" Error judge "more is written than a replica's way carries";
    UNENCRYPTED_LINK "unencrypted-link" Error judge "data of a tier that asks for encryption crosses a link that states none";
    ASSERT_FAILED "assert-failed" Error judge "something that the spec asserts does not hold";
    ASSERT_UNPROVED "assert-unproved" Error judge "nothing shows that what the spec asserts holds";
    UNKNOWN_SCENARIO "unknown-scenario" Error judge "a scenario is named that is not judged";
    // Waivers.
    CANNOT_ALLOW "cannot-allow" Error judge "a waiver of something that no waiver can cover";
    EXPIRED_WAIVER "expired-waiver" Warning judge "a waiver whose last day is over";
    UNUSED_WAIVER "unused-waiver" Warning judge "a waiver that covers nothing";
    OVER_BUDGET "over-budget" Error judge "what is declared costs more than the budget";
    RECOVERY_CYCLE "recovery-cycle" Error judge "what recovery needs can be recovered only by itself";
    NO_RESPONSE "no-response" Error judge "nothing says how long people take to react";
    THIN_TOO_LONG "thin-too-long" Error judge "copies that a loss takes are not made again in time";
    LOOSER_THAN_SERVICE "looser-than-service" Warning judge "data may come back later than a service that needs it";
    INSTANT_PEOPLE "instant-people" Warning judge "people decide or act in no time at all";

    // Normal days: docs/rules.md says which rule of the calculus each carries.
    FLAT_WRITES "flat-writes" Warning judge "a tight recovery point rests on one rate for all hours";
    LARGE_TREE "large-tree" Warning judge "a static tree of files above 1 TiB is copied and restored file by file";
    FILES_ON_ONE_SERVER "files-on-one-server" Warning judge "several servers need files that one server alone holds";
    MOMENTS_DIFFER "moments-differ" Error judge "data classes that must come back to one moment are not in one database";
    LOGS_EXPIRE "logs-expire" Error judge "a database drops its logs before all that need them have read them";
    LOGS_FILL_DISK "logs-fill-disk" Warning judge "the logs that a database keeps may fill its disk";
    SLOW_SEED "slow-seed" Warning judge "the first copy over a link takes longer than is allowed";
    TCP_LIMIT "tcp-limit" Warning judge "one TCP connection gets less through than the link has for it";
    LINK_OVERLOADED "link-overloaded" Warning judge "streams that fit a link each do not fit it together";
    WRITES_TOO_SLOW "writes-too-slow" Error judge "commits wait longer for replicas than is allowed";
    SYNC_IN_ONE_RADIUS "sync-in-one-radius" Warning judge "sites so near that one disaster takes both, and no region says so";
    REPLICA_BESIDE_SOURCE "replica-beside-source" Warning judge "a replica or mirror is lost with its original";
    BACKUP_BESIDE_SOURCE "backup-beside-source" Warning judge "backups, or who restores them, are lost with what they protect";
    WAYS_SHARE_FATE "ways-share-fate" Warning judge "one cut takes all alternatives of a route";
    LONG_CHAIN "long-chain" Warning judge "a restore spends most of its time on incrementals";
    UNVERIFIED_COPY "unverified-copy" Warning judge "a backup is not read back as often as its tier asks";
    UNGUARDED_MIRROR "unguarded-mirror" Warning judge "a mirror follows the deletion of every file";
    TTL_TOO_LONG "ttl-too-long" Warning judge "resolvers keep a name for half of the recovery time or more";
    SLOW_FAILOVER "slow-failover" Warning judge "what moves by itself takes half of the recovery time or more";
    HASTY_FAILOVER "hasty-failover" Warning judge "what moves by itself moves during a pause that is no failure";
    DEBOUNCE_TOO_LONG "debounce-too-long" Warning judge "a host hides a lost carrier longer than an address waits";
    STATEFUL_VIP "stateful-vip" Warning judge "an address moves by itself and the data behind it does not";
    VRRP_IDS_COLLIDE "vrrp-ids-collide" Warning judge "two sites may share a network in which two addresses have one number";
    STANDBY_SHARED "standby-shared" Error judge "one loss starts the same standby server for two pools";

    // rsync.
    MIRROR_PATH_TOO_LONG "mirror-path-too-long" Error emit "the folder of a mirror has a name or a length that file systems do not take";
    MIRROR_FOLDERS_CLASH "mirror-folders-clash" Error emit "the folder of a mirror overlaps another folder on its host";
    MIRROR_LIMIT_TOO_LOW "mirror-limit-too-low" Error emit "a mirror is held to less than rsync can be held to";
    MIRROR_NAME_TAKEN "mirror-name-taken" Error emit "two scripts of mirrors would have the same path";

    // keepalived and shaping.
    BAD_INTERFACE "bad-interface" Error emit "a network interface has a name that no kernel gives";
    VRRP_TIMER "vrrp-timer" Error emit "a timer of a virtual address that keepalived cannot keep";
    VRRP_FAMILY "vrrp-family" Error emit "a virtual address and a host of it are not of one address family";
    VRRP_MEMBERS "vrrp-members" Error emit "the hosts of a virtual address cannot be told apart";
    VRRP_ADDRESS "vrrp-address" Error emit "a virtual address belongs to somebody else too";
    BAD_CHECK "bad-check" Error emit "a check command that no script can hold";
    SHAPING_OVERLAP "shaping-overlap" Error emit "two shares claim the same packets";
    SHAPING_RATE "shaping-rate" Error emit "a share is too small to be held";
    CARD_TOO_SLOW "card-too-slow" Error emit "a host's network card is slower than the shares that it must hold";
    // The target `plans`.
    BAD_DOMAIN_NAME "bad-domain-name" Error emit "a name that follows a failover is no domain name";
    NUL_IN_COMMAND "nul-in-command" Error emit "a text that a command needs holds the character U+0000";
    // Target: bacula.
    BACULA_PATH "bacula-path" Error emit "a path that Bacula's files cannot hold";
    BACULA_NUMBER "bacula-number" Error emit "a number that is out of Bacula's range";
    SLOW_COPIES "slow-copies" Warning emit "copies of backups whose director is not beside the store that is read";
    UNHELD_JITTER "unheld-jitter" Error emit "a random delay of Bacula's runs, which it cannot make";
    UNHELD_LIMIT "unheld-limit" Error emit "a limit on copies of backups, which Bacula does not hold";
}

/// The entry of that name.
pub fn find(name: &str) -> Option<&'static Entry> {
    ALL.iter().copied().find(|e| e.name == name)
}
