//! Texts that a program makes, such as tokens that live for a minute.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::BindingError;

/// How long the program may take.
const DEADLINE: Duration = Duration::from_secs(20);
/// Characters of its complaint that are shown.
const SHOWN: usize = 200;

/// What the program prints, without white space around it. What it prints is secret; what it complains of is not.
///
/// # Errors
/// It cannot be started, does not end, fails, or prints nothing.
pub(super) fn printed(command: &[String], base_dir: &Path) -> Result<String, BindingError> {
    let [program, arguments @ ..] = command else {
        return Err(BindingError::Command { program: String::new(), why: "is empty".to_owned() });
    };
    let failed = |why: String| BindingError::Command { program: program.clone(), why };
    let mut starting = Command::new(program);
    starting.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if base_dir.is_dir() {
        starting.current_dir(base_dir);
    }
    let mut child = starting.spawn().map_err(|error| failed(format!("cannot be started: {error}")))?;
    let read = |stream: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut text = String::new();
            // What is not UTF-8 is no credential, and ends the text.
            let _ = stream.map(|mut stream| stream.read_to_string(&mut text));
            text
        })
    };
    let stdout = read(child.stdout.take().map(|stream| Box::new(stream) as _));
    let stderr = read(child.stderr.take().map(|stream| Box::new(stream) as _));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if begun.elapsed() < DEADLINE => thread::sleep(Duration::from_millis(5)),
            Ok(None) => {
                // It has ended, or ends now; either way it is waited for.
                let _ = child.kill();
                let _ = child.wait();
                return Err(failed(format!("had not ended after {} s", DEADLINE.as_secs())));
            }
            Err(error) => return Err(failed(format!("cannot be waited for: {error}"))),
        }
    };
    let said = stderr.join().unwrap_or_default();
    if !status.success() {
        let said: String = said.trim().chars().take(SHOWN).collect::<String>().escape_debug().collect();
        return Err(failed(format!("failed ({status}): {said}")));
    }
    match stdout.join().unwrap_or_default().trim() {
        "" => Err(failed("printed nothing".to_owned())),
        text => Ok(text.to_owned()),
    }
}
