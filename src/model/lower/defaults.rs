//! What is taken where a spec says nothing: always against the user, always listed.

use super::super::Assumption;

macro_rules! assumptions {
    ($($name:ident $text:literal, $source:literal;)*) => {
        $(pub(super) static $name: Assumption = Assumption { text: $text, source: $source };)*
    };
}

assumptions! {
    NIC "a network card moves 1 Gbit/s", "the slowest card that servers are still sold with";
    DISK "a disk moves 100 MiB/s", "sequential rate of a slow hard disk";
    STORE "a store moves 50 MiB/s", "half of a slow hard disk: restores seek";
    MOUNT "a store is ready at once", "a folder of a running host";
    MARK "5 % of a disk cannot be filled", "what ext4 keeps for root, which neither databases nor Bacula's daemons are";
    LOSS "0.1 % of packets are lost", "the worst that carriers still call a working link";
    WINDOW "a TCP connection reaches a window of 1 MiB", "a third of what Linux tunes itself to";
    EFFICIENCY "payload gets 90 % of a line's rate", "1448 of 1538 bytes a frame are 94 %; encapsulation takes more";
    DNS_UPDATE "an update is served by every name server within 30 s", "notify and zone transfer between a few servers";
    MIRROR_DELETE "a mirror run that drops more than 20 % of the files stops", "the emitted guard";
    MIRROR_KEEP "a mirror keeps 3 snapshots", "the emitted script";
    POOL_EVERY "the balancer asks a member every 2 s", "the pool's default";
    POOL_FALL "the balancer drops a member after 3 misses", "the pool's default";
    NEEDS_ALL "the declared load needs every member of a pool", "nothing else is stated";
    ADVERT "VRRP advertises every second", "the emitted configuration";
    VIP_EVERY "a host of an address is checked every 2 s", "the emitted configuration";
    VIP_FALL "a host gives its address up after 2 failed checks", "the emitted configuration";
    CHECK_WITHIN "a check answers within 10 s", "the emitted plan";
    PATH "a folder that the emitted files name", "the emitted configuration";
    COMPRESS "a stream is not compressed", "nothing is stated";
    METHOD "a database is read by its physical backup", "nothing else is stated";
    LOGS_KEPT "a database keeps its binary logs for 10 days", "`expire_logs_days` as Debian ships MariaDB; MySQL keeps them for 30 days";
    WRITE_BUDGET "waiting for replicas may make a commit 5 ms longer", "the largest latency that is usual for synchronous copies";
    SEED "a first copy may take 72 h to arrive", "the goal that Azure Site Recovery sets for an initial replication";
    PAUSE "a server stands still for 1 s at most without having failed", "a long collection of garbage, or a virtual machine that moves between hosts";
    JOBS "a director runs up to 1000 jobs at once", "the emitted configuration";
}
