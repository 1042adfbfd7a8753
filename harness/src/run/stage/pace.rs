//! How many cases press a gateway at once: as many as it still answers promptly. One that is pressed too hard meets its own limits, and
//! what it does then says nothing about the page.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The pace of one configuration.
pub(in crate::run) struct Pace {
    state: Mutex<State>,
    changed: Notify,
    /// The shortest limit in force, which nothing plain may come near.
    limit: Duration,
}

struct State {
    room: usize,
    under_way: usize,
    /// When room was last taken away; what began before was still pressed by more.
    narrowed: Option<Instant>,
    /// What took long, with the moment each was over.
    slow: VecDeque<(Instant, Duration)>,
}

/// One case's place; given back by dropping it.
pub(in crate::run) struct Place {
    pace: Arc<Pace>,
}

impl Pace {
    /// The pace of a gateway with this limit as its shortest.
    pub(in crate::run) fn new(limit: Duration) -> Arc<Self> {
        let state = State { room: FIRST, under_way: 0, narrowed: None, slow: VecDeque::new() };
        Arc::new(Self { state: Mutex::new(state), changed: Notify::new(), limit })
    }

    /// Waits until the gateway has room for one more case.
    pub(in crate::run) async fn place(self: &Arc<Self>) -> Place {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state();
                if state.under_way < state.room {
                    state.under_way += 1;
                    return Place { pace: self.clone() };
                }
            }
            changed.await;
        }
    }

    /// A plain request, of which nothing was asked but to be passed on, was sent then and took so long.
    pub(in crate::run) fn took(&self, sent: Instant, took: Duration) {
        let mut state = self.state();
        if took * PROMPT < self.limit {
            state.room = (state.room + 1).min(MOST);
            self.changed.notify_waiters();
        } else if took * SLOW > self.limit {
            if state.slow.len() == REMEMBERED {
                state.slow.pop_front();
            }
            state.slow.push_back((sent + took, took));
            if state.narrowed.is_none_or(|narrowed| sent > narrowed) {
                state.room = (state.room / 2).max(LEAST);
                state.narrowed = Some(Instant::now());
            }
        }
    }

    /// Whether the gateway was so slow since this moment that it may have met a limit of its own for that reason alone: in words.
    /// `hesitated` is how long it took the case's own requests to arrive upstream, where nothing but the gateway's being busy kept them.
    pub(in crate::run) fn too_slow(&self, since: Instant, hesitated: Option<Duration>) -> Option<String> {
        let state = self.state();
        let later = state.slow.iter().filter(|(over, _)| *over >= since);
        let plain = later.map(|(_, took)| (*took, "for a plain request while the case ran"));
        let asking = hesitated.map(|took| (took, "before it asked the upstream"));
        let (took, what) = plain.chain(asking).max()?;
        (took * 2 > self.limit).then(|| {
            format!(
                "the gateway took {} ms {what}, too much to judge what it does within its limit of {} ms: run it again with fewer \
                 --jobs, when the machine is less busy, or with longer limits",
                took.as_millis(),
                self.limit.as_millis()
            )
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.pace.state().under_way -= 1;
        self.pace.changed.notify_waiters();
    }
}

/// Cases at once before anything is known of the gateway.
const FIRST: usize = 8;

/// There is always room for so many: fewer would not make it faster.
const LEAST: usize = 4;

/// More room than this is of no use.
const MOST: usize = 1024;

/// Slow answers kept; a run that has more of them has older ones than any case under way.
const REMEMBERED: usize = 20_000;

/// So many times shorter than the limit is prompt.
const PROMPT: u32 = 10;

/// A time that is longer than the limit's so manieth part is slow.
const SLOW: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    fn room(pace: &Pace) -> usize {
        pace.state().room
    }

    #[test]
    fn prompt_answers_make_room_and_a_slow_one_halves_it_once() {
        let pace = Pace::new(LIMIT);
        let begun = Instant::now();
        for _ in 0..8 {
            pace.took(begun, Duration::from_millis(20));
        }
        assert_eq!(room(&pace), 2 * FIRST);
        pace.took(begun, Duration::from_millis(200));
        assert_eq!(room(&pace), 2 * FIRST);
        pace.took(begun, Duration::from_millis(300));
        pace.took(begun, Duration::from_millis(300));
        assert_eq!(room(&pace), FIRST);
        for _ in 0..4 {
            pace.took(Instant::now() + LIMIT, Duration::from_millis(300));
        }
        assert_eq!(room(&pace), LEAST);
    }

    #[tokio::test]
    async fn whoever_comes_when_there_is_no_room_waits_for_one_to_leave() {
        let pace = Pace::new(LIMIT);
        let mut places = Vec::new();
        for _ in 0..FIRST {
            places.push(pace.place().await);
        }
        let one_more = tokio::spawn({
            let pace = pace.clone();
            async move { pace.place().await }
        });
        tokio::task::yield_now().await;
        assert!(!one_more.is_finished());
        places.pop();
        one_more.await.unwrap();
    }

    #[test]
    fn half_a_limit_for_something_plain_is_too_slow_for_whoever_ran_beside_it() {
        let pace = Pace::new(LIMIT);
        let begun = Instant::now();
        pace.took(begun, Duration::from_millis(500));
        assert_eq!(pace.too_slow(begun, None), None);
        pace.took(begun, Duration::from_millis(501));
        assert!(
            pace.too_slow(begun, None).unwrap().starts_with("the gateway took 501 ms for a plain request")
        );
        let later = begun + LIMIT;
        assert_eq!(pace.too_slow(later, Some(LIMIT / 2)), None);
        assert!(
            pace.too_slow(later, Some(LIMIT))
                .unwrap()
                .starts_with("the gateway took 1000 ms before it asked")
        );
    }
}
