//! Large estates: how many pairs are judged, and that what is left out loses nothing.

#[path = "support/estate.rs"]
mod estate;

#[test]
#[ignore = "prints an estate for hand use"]
fn print() {
    let n = std::env::var("N").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    std::fs::write(std::env::var("OUT").unwrap(), estate::spec(1, n)).unwrap();
}
