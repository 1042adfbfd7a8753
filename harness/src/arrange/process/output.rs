//! The last lines that a process printed, bounded and with secrets hidden.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Mask;

const LINES: usize = 200;

/// Bytes of a line that are read; the rest of it is dropped.
const LINE_READ: usize = 8 << 10;

/// Characters of a line that are kept; far under `LINE_READ`, so that a secret cut in two is not among them.
const LINE_KEPT: usize = 1000;

/// Reads both streams for as long as it lives.
#[derive(Debug)]
pub(super) struct Output {
    lines: Arc<Mutex<VecDeque<String>>>,
    readers: JoinSet<()>,
}

impl Output {
    pub(super) fn capture(
        stdout: Option<impl AsyncRead + Unpin + Send + 'static>,
        stderr: Option<impl AsyncRead + Unpin + Send + 'static>,
        mask: Mask,
    ) -> Self {
        let lines = Arc::new(Mutex::new(VecDeque::new()));
        let mut readers = JoinSet::new();
        if let Some(stdout) = stdout {
            readers.spawn(read(stdout, lines.clone(), mask.clone()));
        }
        if let Some(stderr) = stderr {
            readers.spawn(read(stderr, lines.clone(), mask));
        }
        Self { lines, readers }
    }

    /// Waits until both streams have ended, at most so long.
    pub(super) async fn drained(&mut self, at_most: Duration) {
        let all = async { while self.readers.join_next().await.is_some() {} };
        // Somebody who left the group may keep them open.
        let _ = timeout(at_most, all).await;
    }

    pub(super) fn last_lines(&self) -> Vec<String> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

async fn read(mut stream: impl AsyncRead + Unpin, lines: Arc<Mutex<VecDeque<String>>>, mask: Mask) {
    let keep = |line: &[u8]| {
        let text = mask.text(String::from_utf8_lossy(line).trim_end());
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == LINES {
            lines.pop_front();
        }
        lines.push_back(text.chars().take(LINE_KEPT).collect());
    };
    let mut line = Vec::new();
    let mut buffer = vec![0; 4 << 10];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        for piece in buffer[..length].split_inclusive(|&byte| byte == b'\n') {
            let room = LINE_READ - line.len();
            line.extend_from_slice(&piece[..piece.len().min(room)]);
            if piece.ends_with(b"\n") {
                keep(&line);
                line.clear();
            }
        }
    }
    if !line.is_empty() {
        keep(&line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn memory_is_bounded_and_secrets_are_hidden() {
        let mut flood: Vec<u8> = (0..1000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        flood.extend_from_slice("y".repeat(100_000).as_bytes());
        flood.extend_from_slice(b"\nkey=sekret-1\xff\nno end");
        let mut output = Output::capture(
            Some(std::io::Cursor::new(flood)),
            None::<tokio::io::Empty>,
            Mask::new(["sekret-1"]),
        );
        output.drained(Duration::from_secs(60)).await;
        let lines = output.last_lines();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[LINES - 3].len(), LINE_KEPT);
        assert_eq!(lines[LINES - 2..], ["key=[hidden]\u{fffd}", "no end"]);
    }
}
