use std::time::Duration;

use gateway_conformance::arrange::credentials::{Credentials, Hold, LendError, bound};
use gateway_conformance::spec::target::{Binding, Pool};
use tokio::time::timeout;

use crate::{Ground, PATIENCE, written};

fn pool(members: &[&str]) -> Pool {
    Pool {
        members: members.iter().map(|text| Binding::Literal((*text).into())).collect(),
        fresh: false,
        pace: None,
    }
}

fn credentials(pools: Vec<(&str, Pool)>) -> Credentials {
    let pools: Vec<_> = pools.into_iter().map(|(role, pool)| (written(role.into()), pool)).collect();
    Credentials::read(&pools, Ground::new().path())
}

#[test]
fn bindings_are_read_from_where_they_are() {
    let ground = Ground::new();
    std::fs::write(ground.path().join("key"), "whole\n").unwrap();
    std::fs::write(ground.path().join("keys.json"), r#"{"a": {"b": "deep", "n": 7, "e": ""}}"#).unwrap();
    let file = |path: &str, at: Option<&str>| {
        let binding = Binding::File { path: written(path.into()), at: at.map(Into::into) };
        bound(&binding, ground.path())
            .map_err(|error| error.to_string().replace(&format!("{}/", ground.path().display()), ""))
    };
    assert_eq!(file("key", None).unwrap(), "whole");
    assert_eq!(file("keys.json", Some("/a/b")).unwrap(), "deep");
    assert_eq!(file("keys.json", Some("/a/n")).unwrap(), "7");
    assert_eq!(file("keys.json", Some("/a/x")).unwrap_err(), "the file `keys.json` has no text at `/a/x`");
    assert_eq!(file("keys.json", Some("/a/e")).unwrap_err(), "the file `keys.json` has no text at `/a/e`");
    assert_eq!(file("key", Some("/a")).unwrap_err(), "the file `key` is not JSON: line 1, column 1");
    assert!(file("gone", None).unwrap_err().starts_with("the file `gone` cannot be read: No such file"));
    std::fs::write(ground.path().join("empty"), "\n").unwrap();
    assert_eq!(file("empty", None).unwrap_err(), "the file `empty` is empty");
    let env = |name: &str| bound(&Binding::Env(written(name.into())), ground.path());
    assert_eq!(env("CARGO_MANIFEST_DIR").unwrap(), std::env::var("CARGO_MANIFEST_DIR").unwrap());
    assert_eq!(
        env("NO_SUCH_VARIABLE_X").unwrap_err().to_string(),
        "the environment variable `NO_SUCH_VARIABLE_X` is not set, or empty"
    );
}

#[test]
fn shared_loans_spread_over_the_pool_and_exclusive_ones_stand_alone() {
    let all = credentials(vec![("valid", pool(&["key-a", "key-b"]))]);
    let lend = |hold| all.try_lend("valid", hold).unwrap();
    let (first, second) = (lend(Hold::Shared).unwrap(), lend(Hold::Shared).unwrap());
    assert_ne!(first.text(), second.text());
    assert!(lend(Hold::Exclusive).is_none());
    drop(second);
    let alone = lend(Hold::Exclusive).unwrap();
    assert_eq!(alone.text(), "key-b");
    assert_eq!(lend(Hold::Shared).unwrap().text(), first.text());
    assert!(lend(Hold::Exclusive).is_none());
}

#[tokio::test]
async fn who_waits_is_served_when_a_member_returns() {
    let all = credentials(vec![("limited", pool(&["only"]))]);
    let held = all.lend("limited", Hold::Exclusive).await.unwrap();
    let waiting = tokio::spawn({
        let all = all.clone();
        async move { all.lend("limited", Hold::Exclusive).await.unwrap().text().to_owned() }
    });
    tokio::task::yield_now().await;
    assert!(!waiting.is_finished());
    drop(held);
    assert_eq!(timeout(PATIENCE, waiting).await.unwrap().unwrap(), "only");
}

#[tokio::test]
async fn a_fresh_member_serves_once() {
    let all = credentials(vec![("trial", Pool { fresh: true, ..pool(&["one", "two"]) })]);
    let first = all.lend("trial", Hold::Shared).await.unwrap();
    let second = all.lend("trial", Hold::Shared).await.unwrap();
    assert_eq!((first.text(), second.text()), ("one", "two"));
    assert!(all.try_lend("trial", Hold::Shared).unwrap().is_none());
    drop((first, second));
    let error = timeout(PATIENCE, all.lend("trial", Hold::Shared)).await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "each of the 2 members of `trial` has served its one case: bind more of them"
    );
}

#[test]
fn what_cannot_be_lent_says_why_and_costs_only_its_own_name() {
    let unreadable = Pool { members: vec![Binding::Env(written("NO_SUCH_VARIABLE_X".into()))], ..pool(&[]) };
    let all = credentials(vec![("valid", pool(&["key-a"])), ("revoked", unreadable)]);
    assert!(all.try_lend("valid", Hold::Shared).unwrap().is_some());
    let error = all.try_lend("revoked", Hold::Shared).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the credential `revoked` cannot be used: the environment variable `NO_SUCH_VARIABLE_X` is not set, or empty"
    );
    assert_eq!(all.try_lend("trial", Hold::Shared).unwrap_err(), LendError::Unbound("trial".into()));
    assert_eq!(all.problems().count(), 1);
    assert_eq!(all.texts().collect::<Vec<_>>(), ["key-a"]);
    assert!(!format!("{all:?}").contains("key-a"));
}

#[tokio::test]
async fn all_who_share_a_member_share_its_pace() {
    let all = credentials(vec![(
        "valid",
        Pool { pace: Some((2, Duration::from_millis(200))), ..pool(&["key-a"]) },
    )]);
    let (first, second) = (all.lend("valid", Hold::Shared).await, all.lend("valid", Hold::Shared).await);
    let (first, second) = (first.unwrap(), second.unwrap());
    let begun = std::time::Instant::now();
    for _ in 0..2 {
        first.pace().await;
        second.pace().await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(200));
}
