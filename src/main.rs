//! `drc`: see the library.

fn main() -> std::process::ExitCode {
    drlang::cli::main()
}
