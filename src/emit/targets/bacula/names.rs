//! The names of resources and files, for this target and for the plans that speak of them.
//!
//! A job's name has only small letters, digits and hyphens, so a name with an underscore is never
//! that of a job.

/// The director's configuration.
pub const DIRECTOR_CONF: &str = "/etc/bacula/bacula-dir.conf";
/// The storage daemon's configuration.
pub const STORAGE_CONF: &str = "/etc/bacula/bacula-sd.conf";
/// The file daemon's configuration.
pub const CLIENT_CONF: &str = "/etc/bacula/bacula-fd.conf";
/// The console's configuration.
pub const CONSOLE_CONF: &str = "/etc/bacula/bconsole.conf";
/// The clock of the director's schedules.
pub const ZONE_CONF: &str = "/etc/systemd/system/bacula-director.service.d/drc-zone.conf";
/// The script that makes the folders that the daemons of a host need.
pub const PREPARE: &str = "/etc/bacula/scripts/prepare";
/// The script that reads volumes into the catalogue of a director beside its store:
/// `read-volumes JOB…`.
pub const READ_VOLUMES: &str = "/etc/bacula/scripts/read-volumes";
/// Where daemons keep their state.
pub const WORKING: &str = "/var/lib/bacula";
/// Where restored files go when nothing else is said.
pub const RESTORED: &str = "/var/lib/drc/restored";
/// The script that leaves word of a run in [`runs`]: `mark JOB LEVEL`.
pub const MARK: &str = "/etc/bacula/scripts/mark";
/// Where each job has its folder of [`runs`].
pub const RUNS: &str = "/var/lib/drc/runs";
/// The catalogue.
pub const CATALOG: &str = "catalog";
/// The pool and the set of files of jobs that only restore.
pub const RESTORES: &str = "for_restores";
/// The messages of jobs.
pub const MESSAGES: &str = "standard";
/// The port of a director.
pub const DIRECTOR_PORT: u16 = 9101;
/// The port of a file daemon.
pub const CLIENT_PORT: u16 = 9102;
/// The port of a storage daemon.
pub const STORAGE_PORT: u16 = crate::ops::shaping::STORAGE_PORT;

/// The file daemon of a host.
pub fn client(host: &str) -> String {
    format!("{host}-fd")
}

/// The storage daemon of a host.
pub fn storage(host: &str) -> String {
    format!("{host}-sd")
}

/// The job that restores to a host.
pub fn restore_job(host: &str) -> String {
    format!("restore_{host}")
}

/// The device, and the director's storage, from which people restore what a job wrote. The one
/// that the job writes to has the job's own name.
pub fn restore_storage(job: &str) -> String {
    format!("{job}_restore")
}

/// The device, and the director's storage, from which a copy or verify job reads.
pub fn read_storage(job: &str) -> String {
    format!("{job}_from")
}

/// The changer of a store that states its drives, as the storage daemon and the director know it.
/// A director that restores knows it under the name of [`restore_storage`] too.
pub fn changer(store: &str) -> String {
    format!("{store}_changer")
}

/// A drive of a store's changer, counted from 1.
pub fn drive(store: &str, number: u64) -> String {
    format!("{store}_drive_{number}")
}

/// The media type of a store whose drives read each other's volumes.
pub fn media(store: &str) -> String {
    format!("{store}_media")
}

/// What the names of a job's volumes begin with.
pub fn label(job: &str) -> String {
    format!("{job}-")
}

/// The folder, read by each run of a job beside its data, with one folder whose name says when
/// this run began and at what level: `1795824053-F`.
pub fn runs(job: &str) -> String {
    format!("{RUNS}/{job}")
}

/// The script that a job runs on its client before it reads.
pub fn before(job: &str) -> String {
    format!("/etc/bacula/scripts/{job}.before")
}

/// The script that a job runs on its client after it has read well.
pub fn after(job: &str) -> String {
    format!("/etc/bacula/scripts/{job}.after")
}

/// The file with the password of a daemon, a line `Password = "…"`, on the daemon's host and on
/// its directors'.
pub fn secret(folder: &str, daemon: &str) -> String {
    format!("{folder}/{daemon}.conf")
}

/// The file with the password of the catalogue, a line `DB Password = "…"`.
pub fn catalog_secret(folder: &str) -> String {
    secret(folder, CATALOG)
}

/// Certificate of the authority that signed all others.
pub fn authority(folder: &str) -> String {
    format!("{folder}/ca.pem")
}

/// The certificate of a host; its common name is the host's name.
pub fn certificate(folder: &str, host: &str) -> String {
    format!("{folder}/{host}.pem")
}

/// The key of a host's certificate.
pub fn key(folder: &str, host: &str) -> String {
    format!("{folder}/{host}.key")
}

/// The key pair that data is encrypted and signed with: the same on every host that restores what
/// another has written.
pub fn data_keys(folder: &str) -> String {
    format!("{folder}/data.pem")
}

/// The certificate of the master key, which can decrypt everything; its private half is kept
/// apart.
pub fn master(folder: &str) -> String {
    format!("{folder}/master.pem")
}
