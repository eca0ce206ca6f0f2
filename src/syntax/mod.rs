//! Text to tree. Total: whatever the bytes, a tree comes out, and a finding for each mistake.

pub mod ast;
