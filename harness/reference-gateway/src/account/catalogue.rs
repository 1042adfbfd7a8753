//! The model table: which slugs exist, what they serve, and which keys may use them.

use crate::config::{Account, Feature, Model};
use crate::mutant::{Flaw, Flaws};

pub(crate) struct Catalogue {
    models: Vec<Model>,
    flaws: Flaws,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ModelRefusal {
    /// No such model on this lane.
    Unknown,
    /// The key may not use this model.
    ModelDenied,
    /// The key may not use this lane.
    FeatureDenied,
}

impl Catalogue {
    pub(crate) fn new(models: Vec<Model>, flaws: Flaws) -> Self {
        Self { models, flaws }
    }

    /// The model a call is for. The lane is judged before the slug, so that a key learns nothing about
    /// models of a lane that is closed to it.
    pub(crate) fn resolve(
        &self,
        account: &Account,
        feature: Feature,
        slug: &str,
    ) -> Result<Model, ModelRefusal> {
        if account.denied_features.contains(&feature) && !self.flaws.has(Flaw::FeatureUnchecked) {
            return Err(ModelRefusal::FeatureDenied);
        }
        let Some(model) = self.models.iter().find(|it| it.slug == slug && it.feature == feature) else {
            if self.flaws.has(Flaw::UnknownModelForwarded) {
                return Ok(Model::new(slug, feature, 0));
            }
            return Err(ModelRefusal::Unknown);
        };
        if denied(account, model) && !self.flaws.has(Flaw::ModelPermissionUnchecked) {
            return Err(ModelRefusal::ModelDenied);
        }
        Ok(model.clone())
    }

    /// The cheapest model that serves the feature.
    pub(crate) fn cheapest(&self, feature: Feature) -> Option<&Model> {
        self.models.iter().filter(|it| it.feature == feature).min_by_key(|it| it.price)
    }

    /// The models a key may see.
    pub(crate) fn visible(&self, account: &Account) -> impl Iterator<Item = &Model> {
        self.models.iter().filter(|it| !denied(account, it))
    }

    /// One model by its slug, on whatever lane it serves.
    pub(crate) fn look_up(&self, account: &Account, slug: &str) -> Result<&Model, ModelRefusal> {
        let model = self.models.iter().find(|it| it.slug == slug).ok_or(ModelRefusal::Unknown)?;
        if denied(account, model) { Err(ModelRefusal::ModelDenied) } else { Ok(model) }
    }
}

fn denied(account: &Account, model: &Model) -> bool {
    account.denied_models.contains(&model.slug)
}
