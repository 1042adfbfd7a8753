//! What is wrong with a request, in a name that does not change while it is made simpler.

use std::fmt;

use crate::spec::contract::Defect;

/// The name of a defect: where it is, which keyword it breaks, and how.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Label {
    /// The place as a pointer; empty for the body as a whole and for what is no part of it.
    pub place: String,
    /// The keyword that is broken, or the kind of oddity.
    pub keyword: String,
    /// In which way, where there are several.
    pub detail: Option<String>,
    /// The alternatives of the schema on the way, where there are any.
    pub branch: Option<String>,
    /// The kind of defect by which a contract says what becomes of it; none for what is valid.
    pub defect: Option<Defect>,
}

impl Label {
    /// A label for something that is no place of the schema.
    pub fn of(keyword: &str, detail: &str, defect: Option<Defect>) -> Self {
        Self {
            place: String::new(),
            keyword: keyword.to_owned(),
            detail: Some(detail.to_owned()).filter(|detail| !detail.is_empty()),
            branch: None,
            defect,
        }
    }

    /// The label without the alternatives of the schema: what the globs of a contract are held against.
    pub fn name(&self) -> String {
        let detail = self.detail.as_ref().map(|detail| format!("({detail})")).unwrap_or_default();
        format!("{}:{}{detail}", self.place, self.keyword)
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        f.write_str(name.strip_prefix(':').unwrap_or(&name))?;
        match &self.branch {
            Some(branch) => write!(f, "@{branch}"),
            None => Ok(()),
        }
    }
}
