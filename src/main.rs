//! The `simulate` command; everything else is in the library.

fn main() -> std::process::ExitCode {
    simulate::cli::main()
}
