//! DisjointSets that grow together: union-find.

/// Things, by number, in sets that can be joined.
pub(crate) struct DisjointSets {
    /// The link of each thing to one of its set that is nearer the root; a root is linked to itself.
    link: Vec<usize>,
}

impl DisjointSets {
    /// Disjoint sets of so many things, each in a set of its own.
    pub(crate) fn new(things: usize) -> Self {
        DisjointSets { link: (0..things).collect() }
    }

    pub(crate) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.link[a.max(b)] = a.min(b);
    }

    /// The first of a thing's set.
    pub(crate) fn root(&mut self, mut at: usize) -> usize {
        while self.link[at] != at {
            // Halves the way for the next one.
            self.link[at] = self.link[self.link[at]];
            at = self.link[at];
        }
        at
    }

    /// The number of each thing's set, by the first of it.
    pub(crate) fn numbers(mut self) -> Vec<usize> {
        let mut numbers = Vec::with_capacity(self.link.len());
        let mut sets = 0;
        for thing in 0..self.link.len() {
            let root = self.root(thing);
            let number = if root == thing { sets } else { numbers[root] };
            sets += usize::from(root == thing);
            numbers.push(number);
        }
        numbers
    }

    /// The things of each set, ascending, by the first of them.
    pub(crate) fn members(self) -> Vec<Vec<usize>> {
        let numbers = self.numbers();
        let mut members = vec![Vec::new(); numbers.iter().max().map_or(0, |last| last + 1)];
        numbers.into_iter().enumerate().for_each(|(thing, set)| members[set].push(thing));
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_numbered_by_their_first_things() {
        let mut sets = DisjointSets::new(6);
        [(5, 1), (4, 0), (1, 3)].into_iter().for_each(|(a, b)| sets.join(a, b));
        assert_eq!(sets.members(), [vec![0, 4], vec![1, 3, 5], vec![2]]);
        assert_eq!(DisjointSets::new(0).members(), Vec::<Vec<usize>>::new());
    }
}
