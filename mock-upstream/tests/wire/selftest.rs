//! Every fault of the catalogue is what it says on the wire.

use mock_upstream::selftest;

#[tokio::test]
async fn every_fault_is_what_it_says_on_the_wire() {
    let faults = selftest::whole_catalogue();
    let rows = selftest::prove_all(&faults, None).await;
    assert!(rows.len() > faults.len());
    holds(&rows);
}

#[tokio::test]
async fn every_fault_is_what_it_says_under_tls() {
    holds(&selftest::prove_all_over_tls(&selftest::whole_catalogue(), None).await);
}

fn holds(rows: &[selftest::Row]) {
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            Some(format!("{} {:?} {:?}: {}", row.fault, row.lane, row.probe, row.wrong.as_ref()?))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}
