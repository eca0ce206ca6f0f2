//! What a way guarantees to one stream or run, and which part of it binds.

use super::fluid;
use crate::model::{Class, Hop, Host, Link, Model};
use crate::ops::shaping::{Members, Part, part};
use crate::quantity::{Bytes, Duration, Rate, Ratio};
use la_arena::Idx;

/// What binds a rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// No link is crossed: only cards and disks bind.
    Local,
    /// Its part of a link's share, with the number of members that divide it.
    Share(Idx<Link>, u64),
    /// What the others leave of a link that nothing divides.
    Leftover(Idx<Link>),
    /// A limit that was stated.
    Limit,
    /// What other streams and runs leave of a host's card, or the fair part of it.
    Card(Idx<Host>),
    /// What other data leaves of the disk of the host that receives.
    Disk(Idx<Host>),
    /// The TCP window over the round trip.
    Window,
    /// Losses over the round trip (an average, not a bound).
    Losses,
}

/// A guaranteed rate of payload, and the way's delays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WayRate {
    /// Payload in bits per second. Zero: nothing is guaranteed.
    pub rate: Rate,
    /// What binds it.
    pub binding: Binding,
    /// There and back.
    pub rtt: Duration,
}

/// The round trip within a site, when nothing is stated about it.
const LOCAL_RTT: Duration = Duration::from_millis(1);

/// Bits per second that everyone who sends over a link in a direction takes at most, together.
pub(super) type Peaks = std::collections::BTreeMap<(Idx<Link>, crate::model::Direction), u128>;

/// How shares hold who is asked about.
#[derive(Clone, Copy)]
pub(super) enum Held<'a> {
    /// To a part on each link, divided among so many.
    Each(&'a Members),
    /// To the same part on whichever way.
    Part(Option<Part>),
    /// They are looked at elsewhere.
    Apart,
}

/// The rate that a way guarantees to one member of a class.
///
/// A divided link gives the member its part of the share; a link that nothing divides gives what
/// all others leave at their peaks. `own_peak` is what the member itself was counted with among
/// them; `None` for what was not counted, such as a restore. On top come the limits of one TCP
/// connection over the whole way, and a limit that was stated.
pub(super) fn way(
    model: &Model,
    held: Held<'_>,
    peaks: &Peaks,
    hops: &[Hop],
    class: Class,
    own_peak: Option<Rate>,
    limit: Option<Rate>,
) -> WayRate {
    let mut found = WayRate { rate: Rate(u64::MAX), binding: Binding::Local, rtt: LOCAL_RTT };
    let mut take = |rate: Rate, binding: Binding| {
        if rate < found.rate {
            (found.rate, found.binding) = (rate, binding);
        }
    };
    if let Held::Part(Some(part)) = held {
        take(part.payload, Binding::Share(part.link, part.members));
    }
    for hop in hops {
        let link = &model.links[hop.link];
        if link.shares.is_empty() {
            let all = peaks.get(&(hop.link, hop.direction)).copied().unwrap_or(0);
            let others = all.saturating_sub(own_peak.map_or(0, |p| u128::from(p.0)));
            let others = Rate(u64::try_from(others).unwrap_or(u64::MAX));
            // The others' rates are payload; headers come on top of theirs too.
            let line = link.bandwidth.value.part_down(link.efficiency.value);
            take(Rate(line.0.saturating_sub(others.0)), Binding::Leftover(hop.link));
        } else if link.share(class).is_none() {
            // Divided, and this class has no share: nothing is guaranteed.
            take(Rate(0), Binding::Share(hop.link, 0));
        } else if let Held::Each(members) = held
            && let Some((rate, _, _)) = part(model, members, &[*hop], class)
        {
            let n = members.get(&(hop.link, hop.direction, class)).copied().unwrap_or(1);
            take(rate.part_down(link.efficiency.value), Binding::Share(hop.link, n));
        }
    }
    if let Some(limit) = limit {
        take(limit, Binding::Limit);
    }
    if !hops.is_empty() {
        let links = || hops.iter().map(|h| &model.links[h.link]);
        let rtt: Duration = links().map(|l| l.rtt.value).sum();
        let window = links().map(|l| l.window.value).min().unwrap_or(Bytes::ZERO);
        let loss = Ratio(links().fold(0, |sum: u64, l| sum.saturating_add(l.loss.value.0)));
        if let Some(rate) = fluid::window_limit(window, rtt) {
            take(rate, Binding::Window);
        }
        if let Some(rate) = fluid::mathis_limit(rtt, loss) {
            take(rate, Binding::Losses);
        }
        found.rtt = rtt;
    }
    found
}
