//! Keeps one credential's requests under its ordinary rate.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A request that is late on its way makes the gap to the next one shorter at the gateway than here.
const SLACK: Duration = Duration::from_millis(100);

/// At most so many in any stretch of so long.
#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    stretch: Duration,
    taken: Mutex<VecDeque<Instant>>,
}

impl Pace {
    pub(super) fn new(most: u32, stretch: Duration) -> Self {
        Self { most: most.max(1) as usize, stretch: stretch + SLACK, taken: Mutex::default() }
    }

    /// Waits for its turn; turns are given in the order asked, and one that is not waited for is lost.
    pub(super) async fn turn(&self) {
        sleep_until(self.next()).await;
    }

    fn next(&self) -> Instant {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut turn = Instant::now();
        if taken.len() == self.most
            && let Some(oldest) = taken.pop_front()
        {
            turn = turn.max(oldest + self.stretch);
        }
        taken.push_back(turn);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_stretch_holds_more_than_the_rate() {
        let pace = Pace::new(3, Duration::from_secs(60));
        let turns: Vec<_> = (0..7).map(|_| pace.next()).collect();
        for (earlier, later) in turns.iter().zip(&turns[3..]) {
            assert!(*later - *earlier >= Duration::from_secs(60));
        }
        // The first three are at once; none waits longer than it must.
        assert!(turns[2] - turns[0] < Duration::from_secs(30));
        assert!(turns[6] - turns[0] < Duration::from_secs(150));
    }
}
