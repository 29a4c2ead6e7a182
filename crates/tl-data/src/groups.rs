//! Groups of items, such as batches, loaded one item at a time: all threads load the pictures of one batch, not a batch each.

use std::ops::ControlFlow;

use crate::load_ordered;

/// Does `work` on each item of each group on `threads` threads, and hands whole groups to `sink` on this one, in their order.
///
/// A group is what it is called and its items, which may be none. At most `ahead` items are ahead of `sink`, begun or
/// finished, whatever groups they belong to, beside those of the group that is being put together: that many results take
/// memory. Otherwise as [`load_ordered`]: neither order nor results depend on `threads`, panics reach the caller.
///
/// ```
/// use std::ops::ControlFlow;
///
/// let mut sums = Vec::new();
/// let groups = [("a", vec![1, 2, 3]), ("b", vec![]), ("c", vec![4])];
/// let done = tl_data::load_groups(groups, 2, 4, |i| i * i, |name, squares| {
///     sums.push((name, squares.iter().sum::<i32>()));
///     ControlFlow::<()>::Continue(())
/// });
/// assert_eq!(done, ControlFlow::Continue(()));
/// assert_eq!(sums, [("a", 14), ("b", 0), ("c", 16)]);
/// ```
pub fn load_groups<G: Send, J: Send, R: Send, B>(
    groups: impl IntoIterator<Item = (G, Vec<J>), IntoIter: Send>,
    threads: usize,
    ahead: usize,
    work: impl Fn(J) -> R + Sync,
    mut sink: impl FnMut(G, Vec<R>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let pieces = groups.into_iter().flat_map(|(group, items)| pieces(group, items));
    let made = |piece: GroupItem<G, J>| GroupItem { item: piece.item.map(&work), ends: piece.ends };
    let mut together = Vec::new();
    load_ordered(pieces, threads, ahead, made, |piece| {
        together.extend(piece.item);
        piece.ends.map_or(ControlFlow::Continue(()), |group| sink(group, std::mem::take(&mut together)))
    })
}

/// An item, and the group that it is the last of; without an item, a group that has none.
struct GroupItem<G, T> {
    item: Option<T>,
    ends: Option<G>,
}

fn pieces<G, T>(group: G, items: Vec<T>) -> impl Iterator<Item = GroupItem<G, T>> {
    let (mut group, last) = (Some(group), items.len().checked_sub(1));
    let none = if last.is_none() { Some(GroupItem { item: None, ends: group.take() }) } else { None };
    let piece = move |(number, item)| {
        let ends = if Some(number) == last { group.take() } else { None };
        GroupItem { item: Some(item), ends }
    };
    items.into_iter().enumerate().map(piece).chain(none)
}
