//! Where randomness comes from: a seed and a number, so that a case is the same whenever and wherever it is made.

use proptest::strategy::{SBoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// A value that can be made simpler step by step. It belongs to the thread that made it.
pub type Tree<T> = Box<dyn ValueTree<Value = T>>;

/// The tree of a strategy for a seed and the number of a case; `None` where its filters refused everything.
pub fn of<T: std::fmt::Debug>(strategy: &SBoxedStrategy<T>, seed: u64, number: u64) -> Option<Tree<T>> {
    strategy.new_tree(&mut runner(seed, number)).ok()
}

/// The simplest value that a strategy can be brought to.
pub(super) fn simplest<T: std::fmt::Debug>(strategy: &SBoxedStrategy<T>) -> Option<T> {
    let mut tree = of(strategy, 0, 0)?;
    for _ in 0..MOST_STEPS {
        if !tree.simplify() {
            break;
        }
    }
    Some(tree.current())
}

/// A number that a seed, a case and a purpose decide.
pub fn mixed(seed: u64, number: u64, purpose: u64) -> u64 {
    let mut mixed = seed;
    for word in [number, purpose] {
        // SplitMix64: neighbours end far apart.
        mixed = (mixed ^ word).wrapping_add(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
    }
    mixed
}

fn runner(seed: u64, number: u64) -> TestRunner {
    let mut bytes = [0; 32];
    for (purpose, word) in (0_u64..).zip(bytes.chunks_exact_mut(8)) {
        word.copy_from_slice(&mixed(seed, number, purpose).to_le_bytes());
    }
    let config = Config { failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

const MOST_STEPS: usize = 1000;
