//! "Did you mean": the one implementation.

/// The candidate that `word` most likely stands for, if any is near enough. Ties go to the
/// candidate that comes first in the alphabet, so that the answer does not depend on the order.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let reach = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .filter(|c| *c != word)
        .map(|c| (strsim::damerau_levenshtein(word, c), c))
        .filter(|(distance, c)| *distance <= reach && *distance < c.chars().count().max(2))
        .min()
        .map(|(_, c)| c)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_the_slip_and_refuses_the_stranger() {
        assert_eq!(nearest("bandwith", ["rtt", "bandwidth", "loss"]), Some("bandwidth"));
        assert_eq!(nearest("zebra", ["rtt", "bandwidth"]), None);
        assert_eq!(nearest("dba1", ["db-a1", "db-b1"]), Some("db-a1"));
    }
}
