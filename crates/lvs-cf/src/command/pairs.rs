//! Who is who in two lists.

use std::collections::HashMap;
use std::hash::Hash;

/// What became of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair<T> {
    /// It is on both sides.
    Both(T, T),
    /// It is old.
    Gone(T),
    /// It is new.
    Come(T),
}

/// Who of `old` is who of `new`: those of one identity, by their names, else in their order.
pub(super) fn pairs<'a, T, K: Copy + Eq + Hash>(
    old: &'a [T],
    old_identity: impl Fn(&T) -> K,
    new: &'a [T],
    new_identity: impl Fn(&T) -> K,
    name: impl Fn(&'a T) -> &'a str,
) -> Vec<Pair<&'a T>> {
    // Last to first, so that `pop` gives the first.
    let mut by_name: HashMap<(K, &str), Vec<usize>> = HashMap::new();
    let mut by_order: HashMap<K, Vec<usize>> = HashMap::new();
    for (index, item) in new.iter().enumerate().rev() {
        let identity = new_identity(item);
        by_name
            .entry((identity, name(item)))
            .or_default()
            .push(index);
        by_order.entry(identity).or_default().push(index);
    }
    let mut is_new = vec![true; new.len()];
    let mut take = |index: usize| std::mem::take(&mut is_new[index]);
    let mut partners: Vec<Option<usize>> = old
        .iter()
        .map(|item| {
            let same = by_name.get_mut(&(old_identity(item), name(item)))?.pop();
            same.filter(|index| take(*index))
        })
        .collect();
    for (item, partner) in old.iter().zip(&mut partners) {
        let Some(rest) = by_order.get_mut(&old_identity(item)) else {
            continue;
        };
        while partner.is_none()
            && let Some(next) = rest.pop()
        {
            *partner = take(next).then_some(next);
        }
    }
    let both = old
        .iter()
        .zip(partners)
        .map(|(item, partner)| match partner {
            Some(index) => Pair::Both(item, &new[index]),
            None => Pair::Gone(item),
        });
    let mut pairs: Vec<Pair<&T>> = both.collect();
    let come = new.iter().zip(is_new).filter(|(_, is_new)| *is_new);
    pairs.extend(come.map(|(item, _)| Pair::Come(item)));
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Items are an identity and a name.
    fn paired(old: &[(u8, &str)], new: &[(u8, &str)]) -> String {
        let pairs = pairs(old, |i| i.0, new, |i| i.0, |i| i.1);
        let shown = pairs.iter().map(|pair| match pair {
            Pair::Both(old, new) => format!("{}{}", old.1, new.1),
            Pair::Gone(old) => format!("{}-", old.1),
            Pair::Come(new) => format!("-{}", new.1),
        });
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn who_is_who_is_by_identity_then_name_then_order() {
        assert_eq!(
            paired(&[(1, "a"), (2, "b")], &[(2, "b"), (1, "a")]),
            "aa bb"
        );
        assert_eq!(paired(&[(1, "a")], &[(2, "a")]), "a- -a");
        assert_eq!(paired(&[(1, "a")], &[(1, "x"), (2, "y")]), "ax -y");
        let bundle = [(1, "a"), (1, "b"), (1, "c")];
        assert_eq!(paired(&bundle, &[(1, "b"), (1, "c")]), "a- bb cc");
        assert_eq!(paired(&bundle, &[(1, "c"), (1, "x"), (1, "y")]), "ax by cc");
        assert_eq!(paired(&bundle[..1], &[(1, "a"), (1, "a")]), "aa -a");
        assert_eq!(paired(&[(1, "a"), (1, "a")], &[(1, "a")]), "aa a-");
    }
}
