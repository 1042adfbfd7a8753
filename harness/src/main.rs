//! The binary `gateway-conformance`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gateway_conformance::cli::main()
}
