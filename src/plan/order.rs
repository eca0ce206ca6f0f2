//! The finished plan: the order on each resource becomes edges, and times are read off the graph.
//!
//! The runner keeps that order even when a step ends early (model, "recovery time"): greedy
//! dispatch may finish later when a step finishes sooner, a graph never does.

use super::build::{Builder, Holder, Placed};
use super::step::{Resource, Step};
use crate::quantity::Duration;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

impl Builder<'_> {
    /// Fixes the order of the steps: who has a resource later waits for who has it before. Steps
    /// stand in the order in which they were added wherever that order can be kept.
    pub(super) fn finish(&mut self) -> Vec<Step> {
        let placed = std::mem::take(&mut self.steps);
        let behind = behind(&placed);
        let place = places(&placed, &behind);
        let mut steps: Vec<(usize, Step, Duration)> = Vec::with_capacity(placed.len());
        for (n, (mut one, mut behind)) in placed.into_iter().zip(behind).enumerate() {
            let at = |old: usize| place.get(old).copied().unwrap_or(old);
            // What it waits for anyway it does not wait for because of a thing; people go on from
            // step to step, which the audit follows.
            behind.retain(|b| b.1 == Resource::Operator || !one.step.after.contains(&b.0));
            behind.iter_mut().for_each(|b| b.0 = at(b.0));
            behind.sort_unstable();
            let after = one.step.after.iter().map(|a| at(*a)).chain(behind.iter().map(|b| b.0));
            let mut after: Vec<usize> = after.collect();
            after.sort_unstable();
            after.dedup();
            (one.step.after, one.step.behind) = (after, behind);
            steps.push((at(n), one.step, one.sure));
        }
        steps.sort_by_key(|s| s.0);
        let mut done: Vec<Step> = Vec::with_capacity(steps.len());
        for (_, mut step, sure) in steps {
            let before = |pick: fn(&Step) -> Duration| {
                step.after.iter().filter_map(|a| done.get(*a)).map(pick).max().unwrap_or_default()
            };
            let (start, surely) = (before(|s| s.finish), before(|s| s.surely));
            (step.start, step.finish) = (start, start.plus(step.takes.most));
            step.surely = surely.plus(sure);
            done.push(step);
        }
        let at = |old: &mut usize| *old = place.get(*old).copied().unwrap_or(*old);
        self.recovered.iter_mut().for_each(|r| at(&mut r.1));
        self.taken.iter_mut().for_each(|t| at(&mut t.1));
        done
    }
}

/// By step, which step had before it what it holds.
fn behind(placed: &[Placed]) -> Vec<Vec<(usize, Resource)>> {
    let mut rows: BTreeMap<Holder, Vec<(usize, Resource)>> = BTreeMap::new();
    for (n, one) in placed.iter().enumerate() {
        for (holder, resource) in one.holders() {
            rows.entry(holder).or_default().push((n, resource));
        }
    }
    let mut behind = vec![Vec::new(); placed.len()];
    let key = |n: &usize| placed.get(*n).map(|p| (p.step.start, p.step.finish, *n));
    for (_, mut row) in rows {
        row.sort_by_key(|(n, _)| key(n));
        for (before, next) in row.iter().zip(row.iter().skip(1)) {
            if let Some(list) = behind.get_mut(next.0) {
                list.push(*before);
            }
        }
    }
    behind
}

/// Where each step goes: in the order in which they were added, but behind all it waits for.
fn places(placed: &[Placed], behind: &[Vec<(usize, Resource)>]) -> Vec<usize> {
    if behind.iter().enumerate().all(|(n, list)| list.iter().all(|b| b.0 < n)) {
        return (0..placed.len()).collect();
    }
    let mut waits = vec![0_usize; placed.len()];
    let mut then: Vec<Vec<usize>> = vec![Vec::new(); placed.len()];
    for (n, (one, behind)) in placed.iter().zip(behind).enumerate() {
        for before in one.step.after.iter().copied().chain(behind.iter().map(|b| b.0)) {
            if let Some(list) = then.get_mut(before) {
                list.push(n);
            }
            if let Some(count) = waits.get_mut(n) {
                *count += 1;
            }
        }
    }
    let free = waits.iter().enumerate().filter(|(_, w)| **w == 0).map(|(n, _)| Reverse(n));
    let mut ready: BinaryHeap<Reverse<usize>> = free.collect();
    let mut place = vec![0; placed.len()];
    let mut next = 0;
    while let Some(Reverse(n)) = ready.pop() {
        if let Some(slot) = place.get_mut(n) {
            *slot = next;
        }
        next += 1;
        for follower in then.get(n).into_iter().flatten() {
            if let Some(count) = waits.get_mut(*follower) {
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(*follower));
                }
            }
        }
    }
    place
}
