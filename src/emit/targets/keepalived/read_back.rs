//! The files read again and compared with the operations.

use super::conf::{self, Conf, Instance, Script};
use super::scripts::{self, Check, read_check};
use super::{CONF, NOTIFY, RISE, by_host, check_name, check_path};
use crate::emit::artifact::ArtifactTree;
use crate::emit::target::Input;
use crate::ops::{Member, Vrrp};
use std::fmt::Debug;

/// One line for each difference.
pub(super) fn read_back(input: Input<'_>, tree: &ArtifactTree) -> Vec<String> {
    let mut found = Vec::new();
    for (host, held) in by_host(input.ops) {
        let name = &input.model.hosts[host].name;
        let path = format!("hosts/{name}{CONF}");
        match tree.text(&path, 0o644).and_then(|t| conf::read(t).map_err(|e| e.to_string())) {
            Ok(conf) => found.extend(differences(&conf, &held).into_iter().map(|d| format!("{path}: {d}"))),
            Err(why) => found.push(format!("{path}: {why}")),
        }
        let path = format!("hosts/{name}{NOTIFY}");
        match tree.text(&path, 0o755) {
            Ok(text) if text == scripts::notify() => {}
            Ok(_) => found.push(format!("{path}: says something else")),
            Err(why) => found.push(format!("{path}: {why}")),
        }
        for (vrrp, member) in held {
            let (Some(check), Some(script)) = (Check::of(vrrp, member), check_name(vrrp)) else { continue };
            let path = format!("hosts/{name}{}", check_path(&script));
            match tree.text(&path, 0o755).and_then(read_check) {
                Ok(read) if read == check => {}
                Ok(read) => found.push(format!("{path}: asks {read:?}, not {check:?}")),
                Err(why) => found.push(format!("{path}: {why}")),
            }
        }
    }
    found
}

/// Collects what is not as it should be.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn same<T: PartialEq + Debug>(&mut self, whose: &str, what: &str, is: &T, wanted: &T) {
        if is != wanted {
            self.0.push(format!("{whose}: {what} is {is:?}, not {wanted:?}"));
        }
    }
}

fn differences(conf: &Conf, held: &[(&Vrrp, &Member)]) -> Vec<String> {
    let mut d = Differences::default();
    d.same("global_defs", "script security", &conf.script_security, &true);
    d.same("global_defs", "the user of scripts", &conf.script_user.as_deref(), &Some("root"));
    for (what, line) in &conf.unread {
        d.0.push(format!("line {line}: `{what}` is not ours"));
    }
    d.same("the file", "the number of instances", &conf.instances.len(), &held.len());
    let scripts = held.iter().filter(|(v, _)| check_name(v).is_some()).count();
    d.same("the file", "the number of scripts", &conf.scripts.len(), &scripts);
    for (vrrp, member) in held {
        match conf.instances.iter().find(|i| i.name == vrrp.name.as_str()) {
            Some(instance) => compare(&mut d, conf, instance, vrrp, member),
            None => d.0.push(format!("`{}` is not there", vrrp.name)),
        }
        let Some(name) = check_name(vrrp) else { continue };
        match conf.scripts.iter().find(|s| s.name == name) {
            Some(script) => compare_script(&mut d, script, &name, vrrp),
            None => d.0.push(format!("`{name}` is not there")),
        }
    }
    d.0
}

fn compare(d: &mut Differences, conf: &Conf, is: &Instance, vrrp: &Vrrp, member: &Member) {
    let whose = vrrp.name.as_str();
    let mut peers: Vec<_> =
        vrrp.members.iter().filter(|m| m.host != member.host).map(|m| m.address).collect();
    let alone = peers.is_empty();
    let mut known = is.peers.clone();
    peers.sort_unstable();
    known.sort_unstable();
    d.same(whose, "the version", &is.version.or(conf.version), &Some(3));
    d.same(whose, "the first state", &is.state.as_deref(), &Some("BACKUP"));
    d.same(whose, "the interface", &is.interface.as_deref(), &Some(&*member.interface));
    d.same(whose, "the router id", &is.router_id, &Some(vrrp.router_id));
    d.same(whose, "the priority", &is.priority, &Some(member.priority));
    d.same(whose, "the time between advertisements", &is.advert, &Some(vrrp.advert));
    d.same(whose, "its own address", &is.source, &(!alone).then_some(member.address));
    d.same(whose, "the peers", &known, &peers);
    let moved = (vrrp.address, Some(vrrp.prefix), Some(member.interface.to_string()));
    d.same(whose, "what it moves", &is.addresses, &vec![moved]);
    let tracks: Vec<Vec<String>> = check_name(vrrp).map(|n| vec![n]).into_iter().collect();
    d.same(whose, "what it follows", &is.tracks, &tracks);
    d.same(whose, "who is told", &is.notify.as_deref(), &Some(NOTIFY));
    for (what, line) in &is.unread {
        d.0.push(format!("{whose}: line {line}: `{what}` is not ours"));
    }
}

fn compare_script(d: &mut Differences, is: &Script, whose: &str, vrrp: &Vrrp) {
    d.same(whose, "the command", &is.command, &vec![check_path(whose)]);
    d.same(whose, "the user", &is.user.as_deref(), &Some("root"));
    d.same(whose, "the time between runs", &is.every, &Some(vrrp.every));
    d.same(whose, "the time of a run", &is.timeout, &Some(vrrp.every));
    d.same(whose, "the failures", &is.fall, &Some(vrrp.fall));
    d.same(whose, "the successes", &is.rise, &Some(RISE));
    d.same(whose, "the weight", &is.weight, &0);
    for (what, line) in &is.unread {
        d.0.push(format!("{whose}: line {line}: `{what}` is not ours"));
    }
}
