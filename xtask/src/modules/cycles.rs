//! Which modules use each other in a circle.
//!
//! A use of `b::y` by `a::x` counts as one of `b` by `a`: between those children of their nearest common ancestor that hold
//! the two, so every level is looked at by itself. A use of an ancestor's own items, or of a descendant's, counts nowhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::names::{Use, Uses};
use super::tree::Module;

/// Modules of one level, each of which uses every other, perhaps through others of them.
#[derive(Debug)]
pub(super) struct Cycle {
    pub(super) members: BTreeSet<usize>,
}

/// Uses between modules that have the same parent.
#[derive(Debug)]
pub(super) struct Siblings {
    uses: BTreeMap<usize, BTreeMap<usize, Use>>,
}

impl Siblings {
    pub(super) fn of(modules: &[Module], uses: Uses) -> Self {
        let mut siblings = Self { uses: BTreeMap::new() };
        for ((from, to), found) in uses {
            if let Some((from, to)) = level(modules, from, to) {
                siblings.uses.entry(from).or_default().entry(to).or_insert(found);
            }
        }
        siblings
    }

    fn next(&self, from: usize) -> impl Iterator<Item = usize> {
        self.uses.get(&from).into_iter().flat_map(|to| to.keys().copied())
    }

    /// All that can be reached from a module.
    fn reached(&self, from: usize) -> BTreeSet<usize> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<usize> = self.next(from).collect();
        while let Some(at) = waiting.pop() {
            if reached.insert(at) {
                waiting.extend(self.next(at));
            }
        }
        reached
    }

    /// The largest first.
    pub(super) fn knots(&self) -> Vec<Cycle> {
        let reached: BTreeMap<usize, _> = self.uses.keys().map(|&at| (at, self.reached(at))).collect();
        let mut knots: Vec<Cycle> = Vec::new();
        for (&at, from) in &reached {
            let known = knots.iter().any(|knot| knot.members.contains(&at));
            if !known && from.contains(&at) {
                let back = |other: &usize| reached.get(other).is_some_and(|back| back.contains(&at));
                knots.push(Cycle { members: from.iter().copied().filter(back).collect() });
            }
        }
        knots.sort_by_key(|knot| std::cmp::Reverse(knot.members.len()));
        knots
    }

    /// Every use of one member by another.
    pub(super) fn within(&self, knot: &Cycle) -> Vec<(usize, usize, &Use)> {
        let of = |&from: &usize| {
            self.uses.get(&from).into_iter().flatten().map(move |(&to, found)| (from, to, found))
        };
        knot.members.iter().flat_map(of).filter(|(_, to, _)| knot.members.contains(to)).collect()
    }

    /// The shortest way around in a knot.
    pub(super) fn circle(&self, knot: &Cycle) -> Vec<(usize, usize, &Use)> {
        let circles = knot.members.iter().filter_map(|&from| self.way_back(from));
        let shortest = circles.min_by_key(Vec::len).unwrap_or_default();
        shortest.windows(2).map(|pair| (pair[0], pair[1], &self.uses[&pair[0]][&pair[1]])).collect()
    }

    fn way_back(&self, from: usize) -> Option<Vec<usize>> {
        let mut waiting = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = waiting.pop_front() {
            for next in self.next(*way.last()?) {
                let longer = || way.iter().copied().chain([next]).collect();
                if next == from {
                    return Some(longer());
                }
                if seen.insert(next) {
                    waiting.push_back(longer());
                }
            }
        }
        None
    }
}

/// The children of the nearest common ancestor that hold two modules; none if one module holds the other.
fn level(modules: &[Module], from: usize, to: usize) -> Option<(usize, usize)> {
    let line = |module: usize| {
        let mut line: Vec<usize> = std::iter::successors(Some(module), |&at| modules[at].parent).collect();
        line.reverse();
        line
    };
    line(from).into_iter().zip(line(to)).find(|(from, to)| from != to)
}
