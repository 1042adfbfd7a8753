//! Who may use what at the same time: cases acquire everything at once, before their first byte.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

/// The instances of one configuration, or of several in front of the same providers, lent whole or shared.
///
/// With several instances the first is shared and the others are lent whole; with one, the cases that need it whole wait
/// until every case that shares it is done, since otherwise a stream of sharers would keep them out for ever.
pub struct Pool {
    state: Mutex<State>,
    changed: Notify,
}

struct State {
    whole: VecDeque<usize>,
    only: bool,
    sharers_to_come: usize,
    beside: Vec<String>,
    /// Instances lent whole that are in order.
    sound: usize,
}

/// How a case wants its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Together with others.
    Shared,
    /// For itself alone.
    Whole,
}

/// A lent instance; returned on drop.
pub struct Lease {
    pool: Arc<Pool>,
    /// Index of the instance.
    pub instance: usize,
    /// The cases that shared it when this one began.
    pub beside: Vec<String>,
    want: Want,
    case: String,
    retired: bool,
}

impl Pool {
    /// A pool of `instances`, with so many sharing cases to come.
    pub fn new(instances: usize, sharers_to_come: usize) -> Arc<Self> {
        let whole = if instances > 1 { (1..instances).collect() } else { VecDeque::new() };
        Arc::new(Self {
            state: Mutex::new(State {
                whole,
                only: instances <= 1,
                sharers_to_come,
                beside: Vec::new(),
                sound: instances.max(2) - 1,
            }),
            changed: Notify::new(),
        })
    }

    /// So many more sharing cases will come.
    pub fn expect(&self, sharers: usize) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).sharers_to_come += sharers;
    }

    /// Waits until the case may have an instance.
    pub async fn lease(self: &Arc<Self>, case: &str, want: Want) -> Lease {
        let instance = match want {
            Want::Shared => 0,
            Want::Whole => self.whole().await,
        };
        let beside = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let beside = if want == Want::Shared { state.beside.clone() } else { Vec::new() };
            if want == Want::Shared {
                state.beside.push(case.to_owned());
            }
            beside
        };
        Lease { pool: self.clone(), instance, beside, want, case: case.to_owned(), retired: false }
    }

    /// A sharing case that was planned will not come after all.
    pub fn will_not_come(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.sharers_to_come = state.sharers_to_come.saturating_sub(1);
        if state.only && state.sharers_to_come == 0 && state.whole.is_empty() {
            state.whole.push_back(0);
            state.only = false;
        }
        drop(state);
        self.changed.notify_waiters();
    }

    async fn whole(&self) -> usize {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if state.only && state.sharers_to_come == 0 {
                    state.only = false;
                    state.whole.push_back(0);
                }
                if let Some(instance) = state.whole.pop_front() {
                    return instance;
                }
            }
            changed.await;
        }
    }
}

impl Lease {
    /// Lends this instance to nobody else as long as there is another: it is in an unknown state.
    pub fn retire(&mut self) {
        self.retired = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        match self.want {
            Want::Shared => {
                {
                    let mut state = self.pool.state.lock().unwrap_or_else(PoisonError::into_inner);
                    if let Some(at) = state.beside.iter().position(|case| *case == self.case) {
                        state.beside.remove(at);
                    }
                }
                self.pool.will_not_come();
            }
            Want::Whole => {
                {
                    let mut state = self.pool.state.lock().unwrap_or_else(PoisonError::into_inner);
                    if self.retired && state.sound > 1 {
                        state.sound -= 1;
                    } else {
                        // The last one stays, so that whoever waits is told why it is of no use.
                        state.whole.push_back(self.instance);
                    }
                }
                self.pool.changed.notify_waiters();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pool, Want};

    #[tokio::test]
    async fn with_one_instance_the_whole_is_lent_only_after_every_sharer_is_done() {
        let pool = Pool::new(1, 2);
        let first = pool.lease("a", Want::Shared).await;
        let second = pool.lease("b", Want::Shared).await;
        assert_eq!(second.beside, ["a"]);
        let whole = tokio::spawn({
            let pool = pool.clone();
            async move { pool.lease("c", Want::Whole).await.instance }
        });
        tokio::task::yield_now().await;
        drop(first);
        tokio::task::yield_now().await;
        assert!(!whole.is_finished());
        drop(second);
        assert_eq!(whole.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_is_shared_by_more_is_lent_whole_only_after_them_too() {
        let pool = Pool::new(1, 1);
        pool.expect(1);
        drop(pool.lease("a", Want::Shared).await);
        let whole = tokio::spawn({
            let pool = pool.clone();
            async move { pool.lease("c", Want::Whole).await.instance }
        });
        tokio::task::yield_now().await;
        assert!(!whole.is_finished());
        drop(pool.lease("b", Want::Shared).await);
        assert_eq!(whole.await.unwrap(), 0);
    }

    #[tokio::test]
    async fn with_several_instances_no_two_cases_have_the_same_one_whole() {
        let pool = Pool::new(3, 0);
        let one = pool.lease("a", Want::Whole).await;
        let two = pool.lease("b", Want::Whole).await;
        assert_ne!(one.instance, two.instance);
        assert!(one.instance > 0 && two.instance > 0);
        let third = tokio::spawn({
            let pool = pool.clone();
            async move { pool.lease("c", Want::Whole).await.instance }
        });
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        let freed = one.instance;
        drop(one);
        assert_eq!(third.await.unwrap(), freed);
    }
}
