//! The command line of drc.

fn main() {}
