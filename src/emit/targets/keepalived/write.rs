//! Operations to keepalived's files.

use super::scripts::{self, Check};
use super::{CONF, NAME, NOTIFY, RISE, by_host, check_name, check_path, conf, quote};
use crate::emit::artifact::{Artifact, ArtifactTree};
use crate::emit::target::Input;
use crate::emit::template::TemplateError;
use crate::ops::{Member, Vrrp};
use serde::Serialize;
use std::net::IpAddr;

/// What the template sees: words in keepalived's spelling.
#[derive(Serialize)]
struct View<'a> {
    host: &'a str,
    scripts: Vec<ScriptView>,
    instances: Vec<InstanceView<'a>>,
}

#[derive(Serialize)]
struct ScriptView {
    name: String,
    path: String,
    every: u64,
    fall: u64,
    rise: u64,
}

#[derive(Serialize)]
struct InstanceView<'a> {
    name: &'a str,
    interface: &'a str,
    router_id: u8,
    priority: u8,
    advert: String,
    source: IpAddr,
    /// Empty for an address of one host. Keepalived then falls back to multicast by itself, where
    /// nobody answers.
    peers: Vec<IpAddr>,
    address: String,
    script: Option<String>,
    notify: &'static str,
}

fn script(vrrp: &Vrrp) -> Option<ScriptView> {
    let name = check_name(vrrp)?;
    let path = check_path(&name);
    Some(ScriptView { name, path, every: vrrp.every.secs_up(), fall: vrrp.fall, rise: RISE })
}

fn instance<'a>(vrrp: &'a Vrrp, member: &'a Member) -> InstanceView<'a> {
    InstanceView {
        name: &vrrp.name,
        interface: &member.interface,
        router_id: vrrp.router_id,
        priority: member.priority,
        advert: conf::show_seconds(vrrp.advert),
        source: member.address,
        peers: vrrp.members.iter().filter(|m| m.host != member.host).map(|m| m.address).collect(),
        address: format!("{}/{}", vrrp.address, vrrp.prefix),
        script: check_name(vrrp),
        notify: NOTIFY,
    }
}

/// Writes the files of every host that takes part.
pub(super) fn emit(input: Input<'_>, tree: &mut ArtifactTree) -> Result<(), TemplateError> {
    for (host, held) in by_host(input.ops) {
        let name = &input.model.hosts[host].name;
        let spans: Vec<_> = held.iter().map(|(v, _)| input.model.vips[v.vip].span).collect();
        let file =
            |text: String, mode: u32, spans| Artifact { bytes: text.into_bytes(), mode, target: NAME, spans };
        let view = View {
            host: name,
            scripts: held.iter().filter_map(|(v, _)| script(v)).collect(),
            instances: held.iter().map(|(v, m)| instance(v, m)).collect(),
        };
        let ours = include_str!("templates/keepalived.conf.hbs");
        let text = input.templates.render("keepalived/keepalived.conf.hbs", ours, quote::inside, &view)?;
        tree.host_file(name, CONF, file(text, 0o644, spans.clone()));
        tree.host_file(name, NOTIFY, file(scripts::notify(), 0o755, spans));
        for (vrrp, member) in held {
            let (Some(check), Some(script)) = (Check::of(vrrp, member), check_name(vrrp)) else { continue };
            let vip = &input.model.vips[vrrp.vip];
            let text = check.script(&vip.name, vrrp.every);
            tree.host_file(name, &check_path(&script), file(text, 0o755, vec![vip.span]));
        }
    }
    Ok(())
}
