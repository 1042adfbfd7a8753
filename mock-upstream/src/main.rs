//! The binary `mock-upstream`.

use std::process::ExitCode;

fn main() -> ExitCode {
    mock_upstream::cli::main()
}
