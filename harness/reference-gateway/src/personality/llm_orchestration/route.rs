//! The routes: those that the page names, and the others that its codes need.

use http::Method;

use crate::seed::llm_orchestration::Task;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// What a provider has to answer.
    Work(Task),
    LookUp,
    RenderTemplate,
    Variants,
    Providers,
    ProviderHealth,
    Provider(String),
    CreateProvider,
}

impl Route {
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        let reads = matches!(method, &Method::GET | &Method::HEAD);
        let posts = method == Method::POST;
        let route = match path {
            "/inference" if posts => Self::Work(Task::Inference),
            "/embeddings" if posts => Self::Work(Task::Embeddings),
            "/rerank" if posts => Self::Work(Task::Rerank),
            "/cache/lookup" if posts => Self::LookUp,
            "/templates/render" if posts => Self::RenderTemplate,
            "/variants" if reads => Self::Variants,
            "/providers" if reads => Self::Providers,
            "/providers" if posts => Self::CreateProvider,
            "/providers/health" if reads => Self::ProviderHealth,
            _ if reads => {
                Self::Provider(path.strip_prefix("/providers/").filter(|it| !it.is_empty())?.to_owned())
            }
            _ => return None,
        };
        Some(route)
    }
}
