//! Every limit that keeps bad input from costing more than an answer, and its default.

/// Limits of one run. A spec beyond one gets a finding that names the limit.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest file that is read, in bytes.
    pub file_bytes: usize,
    /// Deepest nesting of braces, brackets and parentheses.
    pub nesting: usize,
    /// Most items that `for` and `apply` may make together.
    pub expanded_items: usize,
    /// Most files that `use` may bring in.
    pub files: usize,
    /// Findings of one name that are printed; the rest are counted.
    pub findings_per_name: usize,
}

/// The limits that every command uses.
pub const DEFAULT: Limits = Limits {
    file_bytes: 64 << 20,
    nesting: 128,
    expanded_items: 1_000_000,
    files: 4_096,
    findings_per_name: 20,
};
