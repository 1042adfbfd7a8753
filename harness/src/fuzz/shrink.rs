//! Makes a case as simple as it can be while what is wrong with its answer stays the same.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crate::fuzz::finding::{Signature, Suspect};
use crate::fuzz::isolate::shows;
use crate::fuzz::worker::{Line, Performed};
use crate::generate::campaign::{Case, Render, Trouble};
use crate::generate::minimal::minimal;
use crate::generate::tree::Tree;

/// The simplest case that shows the suspect's signature, and how many requests that took; none where it was made simple.
/// First the body becomes simple, then what the upstream does below it.
///
/// # Errors
/// In words, when the mock cannot be asked.
pub async fn simplest(
    line: &mut Line<'_, '_>,
    suspect: &Suspect,
    first: Performed,
) -> Result<(Performed, Option<u32>), String> {
    let ground = line.ground;
    let campaign = &ground.campaign;
    let number = suspect.case.number;
    if suspect.case.stored {
        return Ok((first, None));
    }
    let recipe = campaign.recipe(number);
    let Some(body) = campaign.tree(&recipe, number) else { return Ok((first, None)) };
    let lane = &campaign.lanes()[recipe.lane];
    let force = match &recipe.render {
        Render::Breach(breach) => lane.breaches[*breach].0.path.clone(),
        _ => Vec::new(),
    };
    let mut search = Search::new(line, &suspect.signature, first);
    // Most often nothing of a random body matters.
    if !search.tries(campaign.made(&recipe, number, &minimal(&lane.schema, &force))).await? {
        search.descend(body, |body, _| campaign.made(&recipe, number, body)).await?;
    }
    if let Some(failure) = campaign.failure(&recipe, number) {
        let drawn = |draw: &_, best: &Case| Case { trouble: Some(Trouble::Drawn(*draw)), ..best.clone() };
        search.descend(failure, drawn).await?;
    }
    Ok((search.best, Some(search.probes)))
}

/// A search for what is simpler and still shows a signature.
struct Search<'l, 'g, 's> {
    line: &'l mut Line<'g, 's>,
    signature: &'l Signature,
    best: Performed,
    probes: u32,
    until: Instant,
    tried: HashSet<Vec<u8>>,
}

impl<'l, 'g, 's> Search<'l, 'g, 's> {
    fn new(line: &'l mut Line<'g, 's>, signature: &'l Signature, best: Performed) -> Self {
        Self { line, signature, best, probes: 0, until: Instant::now() + LONGEST, tried: HashSet::new() }
    }

    /// Sends a case; whether it shows the signature, and is the best now.
    async fn tries(&mut self, case: Case) -> Result<bool, String> {
        self.probes += 1;
        let shown = shows(self.line, &case, self.signature).await?;
        Ok(shown.map(|shown| self.best = shown).is_some())
    }

    /// Goes down a tree as far as the signature stays; `made` makes a case of a value and the best case so far.
    async fn descend<T: std::fmt::Debug>(
        &mut self,
        mut tree: Tree<T>,
        made: impl Fn(&T, &Case) -> Case,
    ) -> Result<(), String> {
        let mut more = tree.simplify();
        while more
            && self.probes < MOST_PROBES
            && Instant::now() < self.until
            && self.line.ground.stage.stopped().is_none()
        {
            let case = made(&tree.current(), &self.best.case);
            let fresh = self.tried.insert(told(&case));
            more = if fresh && self.tries(case).await? { tree.simplify() } else { tree.complicate() };
        }
        Ok(())
    }
}

/// A case as bytes, to know it again.
fn told(case: &Case) -> Vec<u8> {
    let mut all = format!("{:?}\n", case.trouble).into_bytes();
    for sent in &case.sends {
        all.extend_from_slice(&sent.body);
        all.push(b'\n');
    }
    all
}

/// The most requests and the longest time that go into one finding.
const MOST_PROBES: u32 = 512;
const LONGEST: Duration = Duration::from_secs(20);
