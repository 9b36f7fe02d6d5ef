//! The time around events.

/// Over what an event lasts: from, until, on whatever clock.
pub type Lasts<T> = (T, T);

/// The time before an event (index) and the time after it, in which no other begins, ends or runs.
/// Either may be empty. What is never undone, and so runs until `end`, is a change for good: there is
/// time after it. The time reaches back to `begin` and on to `end`.
pub fn around<T: Copy + Ord>(
    episodes: &[Lasts<T>],
    index: usize,
    (begin, end): (T, T),
) -> [Lasts<T>; 2] {
    let (mut before, mut after) = episodes[index];
    let others = || {
        let all = episodes.iter().enumerate().filter(move |(other, _)| *other != index);
        all.map(|(_, &lasts)| lasts)
    };
    let is_undone = |(_, until): Lasts<T>| until < end;
    // Out of those that run at that time, and of those that run then.
    while let Some((from, _)) = others().find(|it| is_undone(*it) && it.0 < before && before < it.1)
    {
        before = from;
    }
    while let Some((_, until)) = others().find(|it| is_undone(*it) && it.0 < after && after < it.1)
    {
        after = until;
    }
    let ends = others().map(|it| if is_undone(it) { it.1 } else { it.0 });
    let from = ends.filter(|at| *at <= before).max().unwrap_or(begin);
    let until = others().map(|it| it.0).filter(|at| *at >= after).min().unwrap_or(end);
    [(from, before), (after, until)]
}

#[cfg(test)]
mod tests {
    use super::around;

    #[test]
    fn alone_it_has_all_the_time() {
        assert_eq!(around(&[(10, 20)], 0, (0, 60)), [(0, 10), (20, 60)]);
    }

    #[test]
    fn others_end_it() {
        let episodes = [(10, 15), (20, 25), (40, 41)];
        assert_eq!(around(&episodes, 1, (0, 60)), [(15, 20), (25, 40)]);
    }

    /// While another one runs it is not the time before or after one.
    #[test]
    fn others_that_run_are_cut_out() {
        let episodes = [(10, 30), (20, 25)];
        assert_eq!(around(&episodes, 1, (0, 60)), [(0, 10), (30, 60)]);
        assert_eq!(around(&episodes, 0, (0, 60)), [(0, 10), (30, 60)]);
        let chain = [(10, 30), (20, 40), (35, 50)];
        assert_eq!(around(&chain, 1, (0, 60)), [(0, 10), (50, 60)]);
    }

    #[test]
    fn what_is_never_undone_is_a_change() {
        let episodes = [(10, 60), (20, 25)];
        assert_eq!(around(&episodes, 1, (0, 60)), [(10, 20), (25, 60)]);
        assert_eq!(around(&episodes, 0, (0, 60)), [(0, 10), (60, 60)]);
    }
}
