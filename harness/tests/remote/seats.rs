//! Providers of a gateway that is attached: one that the mock has at the address is used and stays, another stands in the way.

use std::process::Command;

use reference_gateway::Config;

use crate::daemon::{Daemon, TOKEN};

/// A run of an attached Cogito gateway whose upstream is this provider of the daemon.
async fn attached(daemon: &Daemon, provider: &str) -> (Option<i32>, String) {
    let upstream = daemon.provider(provider);
    let gateway = reference_gateway::start(Config::cogito(format!("http://{upstream}"), "sk-upstream-key-1"))
        .await
        .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let [target, token] = ["target.yaml", "token"].map(|name| dir.path().join(name));
    let text = format!(
        "target: attached\ncontract: cogito\nconfigurations:\n  default:\n    attach: {}\n    providers: [first]\n    \
         limits: {{ upstream: 10s }}\ncredentials: {{ valid: ck-valid-1, never_issued: ck-never-issued }}\nmodels: {{ chat: cogito-chat }}\n\
         upstream: {{ first: {{ listen: \"{upstream}\", key: sk-upstream-key-1 }} }}\n",
        gateway.url()
    );
    std::fs::write(&target, text).unwrap();
    std::fs::write(&token, TOKEN).unwrap();
    let url = daemon.url();
    let ended = tokio::task::spawn_blocking(move || {
        let mut program = Command::new(env!("CARGO_BIN_EXE_gateway-conformance"));
        program.args(["doctor", "--mock", &url, "--target"]).arg(target).arg("--mock-token-file").arg(token);
        let output = program.env("NO_COLOR", "1").output().unwrap();
        (
            output.status.code(),
            [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat(),
        )
    });
    let ended = ended.await.unwrap();
    gateway.stop().await;
    ended
}

#[test]
fn a_provider_that_stands_at_the_address_is_used_and_stays() {
    let daemon = Daemon::start(&["first", "other"]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (code, text) = runtime.block_on(attached(&daemon, "first"));
    assert!(code == Some(0) && text.contains("the mock saw POST /v1/chat/completions at `first`"), "{text}");
    assert_eq!(daemon.holds(), (Vec::new(), vec!["first".to_owned(), "other".to_owned()]));
    let (code, text) = runtime.block_on(attached(&daemon, "other"));
    assert!(code == Some(3) && text.contains("has a provider there that is not called `first`"), "{text}");
    assert_eq!(daemon.holds(), (Vec::new(), vec!["first".to_owned(), "other".to_owned()]));
}
