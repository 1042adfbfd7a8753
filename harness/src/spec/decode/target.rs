//! The target file.

use std::time::Duration;

use super::{Decoder, at_text, entries, flag, number, optional, optional_at, plain, text_of, texts};
use crate::spec::decode::contract::route_of;
use crate::spec::language::duration;
use crate::spec::language::path::Unreadable;
use crate::spec::language::pointer;
use crate::spec::language::value::Value;
use crate::spec::read::node::{Node, NodeKind};
use crate::spec::read::place::At;
use crate::spec::target::{
    Binding, Configuration, GatewaySource, HeaderValue, HttpCall, Launch, Mangle, Pool, State, Target,
    UpstreamLink,
};

/// How long a launched gateway may take where the target says nothing.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The keys that name a call's method.
pub const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

impl Decoder<'_> {
    /// Reads a target; parts that the grammar refused are left out.
    pub fn target(&mut self, root: &Node) -> Target {
        let name =
            |key: &str| root.get(key).map_or_else(|| At::new(String::new(), root.place.clone()), at_text);
        Target {
            name: name("target"),
            version: optional(root.get("version")),
            contract: name("contract"),
            configurations: entries(root.get("configurations"))
                .iter()
                .filter_map(|(name, node)| self.configuration(name, node))
                .collect(),
            operations: self.routes(root.get("operations")),
            clients: entries(root.get("clients"))
                .iter()
                .map(|(name, node)| {
                    let command = node.get("command").map(Node::items).unwrap_or_default();
                    (name.clone(), command.iter().map(plain).collect())
                })
                .collect(),
            dialects: entries(root.get("dialects"))
                .iter()
                .map(|(protocol, dialect)| (protocol.clone(), at_text(dialect)))
                .collect(),
            credentials: entries(root.get("credentials"))
                .iter()
                .map(|(name, node)| (name.clone(), self.pool(node)))
                .collect(),
            models: entries(root.get("models"))
                .iter()
                .filter_map(|(name, node)| Some((name.clone(), self.binding(node)?)))
                .collect(),
            states: entries(root.get("states"))
                .iter()
                .filter_map(|(name, node)| Some((name.clone(), self.state(node)?)))
                .collect(),
            values: entries(root.get("values"))
                .iter()
                .map(|(name, node)| (name.clone(), self.value(node)))
                .collect(),
            lacks: entries(root.get("lacks")).iter().map(|(name, why)| (name.clone(), plain(why))).collect(),
            ambient: texts(root.get("ambient")),
            headers: self.headers(root.get("headers")),
            key_header: optional(root.get("key_header")),
            trusted_ca: optional_at(root.get("trusted_ca")),
            upstream: self.link(root.get("upstream")),
        }
    }

    fn configuration(&mut self, name: &At<String>, node: &Node) -> Option<Configuration> {
        let gateway = if let Some(builtin) = node.get("builtin") {
            GatewaySource::Builtin(at_text(builtin))
        } else if let Some(launch) = node.get("launch") {
            GatewaySource::Launch(self.launch(launch)?)
        } else {
            GatewaySource::Attach(self.value(node.get("attach")?))
        };
        let mut limits = Vec::new();
        for (limit, length) in entries(node.get("limits")) {
            limits.extend(self.duration(length).map(|length| (limit.clone(), length)));
        }
        Some(Configuration {
            name: name.clone(),
            place: node.place.clone(),
            gateway,
            instances: number(node.get("instances"))
                .and_then(|count| usize::try_from(count).ok())
                .unwrap_or(1),
            providers: texts(node.get("providers")),
            declared_order: node.get("order").and_then(Node::text) == Some("declared"),
            tls: flag(node.get("tls")),
            forgets: texts(node.get("forgets")),
            has: entries(node.get("has"))
                .iter()
                .map(|(key, value)| (key.value.clone(), value.to_json()))
                .collect(),
            reset: node.get("reset").and_then(|reset| self.call(reset)),
            limits,
            patience: node.get("patience").and_then(|patience| self.duration(patience)),
        })
    }

    fn launch(&mut self, node: &Node) -> Option<Launch> {
        let command = node.get("command").map(Node::items).unwrap_or_default();
        Some(Launch {
            command: command.iter().map(|argument| self.value(argument)).collect(),
            env: self.values(node.get("env")),
            dir: optional(node.get("dir")),
            url: node.get("url").map(|url| self.value(url)),
            ready: self.call(node.get("ready")?)?,
            within: node.get("within").and_then(|within| self.duration(within)).unwrap_or(READY_WITHIN),
        })
    }

    /// `METHOD /path`, or a map whose first key is the method.
    fn call(&mut self, node: &Node) -> Option<HttpCall> {
        if let Some(written) = node.text() {
            let (method, url) = written.split_once(' ').unwrap_or(("GET", written));
            let url = Node { place: node.place.clone(), kind: NodeKind::Text(url.to_owned()) };
            return Some(HttpCall {
                place: node.place.clone(),
                method: method.to_owned(),
                url: self.value(&url),
                headers: Vec::new(),
                json: None,
            });
        }
        let (method, url) = node.entries().iter().find(|(key, _)| METHODS.contains(&key.as_str()))?;
        Some(HttpCall {
            place: node.place.clone(),
            method: method.to_ascii_uppercase(),
            url: self.value(url),
            headers: self.bindings(node.get("headers")),
            json: node.get("json").map(|body| self.value(body)),
        })
    }

    fn state(&mut self, node: &Node) -> Option<State> {
        Some(State { enter: self.call(node.get("enter")?)?, leave: self.call(node.get("leave")?)? })
    }

    fn routes(&mut self, node: Option<&Node>) -> Vec<(At<String>, String)> {
        let mut routes = Vec::new();
        for (operation, route) in entries(node) {
            let written = plain(route);
            if self.report(&route.place, route_of(&written)).is_some() {
                routes.push((operation.clone(), written));
            }
        }
        routes
    }

    fn pool(&mut self, node: &Node) -> Pool {
        let members = node.get("pool").unwrap_or(node).items();
        Pool {
            members: members.iter().filter_map(|member| self.binding(member)).collect(),
            fresh: flag(node.get("fresh")),
            pace: node.get("pace").and_then(|pace| self.report(&pace.place, pace_of(&plain(pace)))),
        }
    }

    fn bindings(&mut self, node: Option<&Node>) -> Vec<(String, Binding)> {
        let binding = |(key, node): &(At<String>, Node)| Some((key.value.clone(), self.binding(node)?));
        entries(node).iter().filter_map(binding).collect()
    }

    fn headers(&mut self, node: Option<&Node>) -> Vec<(String, HeaderValue)> {
        let value = |(key, node): &(At<String>, Node)| {
            let value = match node.text() {
                Some(text) if text.contains("$(") => HeaderValue::Named(self.value(node)),
                _ => HeaderValue::Bound(self.binding(node)?),
            };
            Some((key.value.clone(), value))
        };
        entries(node).iter().filter_map(value).collect()
    }

    fn binding(&mut self, node: &Node) -> Option<Binding> {
        match &node.kind {
            NodeKind::Map(_) => {
                if let Some(variable) = node.get("env") {
                    return Some(Binding::Env(at_text(variable)));
                }
                if let Some(command) = node.get("command") {
                    return Some(Binding::Command(command.items().iter().map(plain).collect()));
                }
                if let Some(role) = node.get("from") {
                    let mangle = match node.get("mangle").and_then(Node::text) {
                        Some("cut") => Some(Mangle::Cut),
                        Some("jwt_none") => Some(Mangle::JwtNone),
                        Some(_) => Some(Mangle::Flip),
                        None => None,
                    };
                    return Some(Binding::From { role: at_text(role), mangle });
                }
                if let Some(literal) = node.get("literal") {
                    return Some(Binding::Literal(plain(literal)));
                }
                let at = node.get("at").and_then(|at| {
                    let written = plain(at);
                    self.report(&at.place, pointer::check(&written)).map(|()| written)
                });
                Some(Binding::File { path: at_text(node.get("file")?), at })
            }
            NodeKind::List(_) | NodeKind::Null => None,
            _ => Some(Binding::Literal(plain(node))),
        }
    }

    fn link(&mut self, node: Option<&Node>) -> UpstreamLink {
        if node.and_then(Node::text) == Some("none") {
            return UpstreamLink::None;
        }
        let text = |provider: &(At<String>, Node), key: &str| {
            provider.1.get(key).map(|node| (provider.0.value.clone(), text_of(Some(node))))
        };
        let providers = entries(node);
        let mut keys = Vec::new();
        for (provider, node) in providers {
            let key = node.get("key").and_then(|key| self.binding(key));
            keys.extend(key.map(|key| (provider.value.clone(), key)));
        }
        UpstreamLink::Mock {
            listen: providers.iter().filter_map(|provider| text(provider, "listen")).collect(),
            advertise: providers.iter().filter_map(|provider| text(provider, "advertise")).collect(),
            keys,
        }
    }
}

/// `600/60s`: so many requests in so long.
fn pace_of(written: &str) -> Result<(u32, Duration), Unreadable> {
    let wrong = || {
        Unreadable::new(
            format!("`{written}` is no pace"),
            "write `600/60s`: so many requests in so long".to_owned(),
        )
    };
    let (requests, window) = written.split_once('/').ok_or_else(wrong)?;
    let requests: u32 = requests.trim().parse().map_err(|_| wrong())?;
    let window = duration::parse(window.trim()).map_err(|_| wrong())?;
    if requests == 0 || window.is_zero() { Err(wrong()) } else { Ok((requests, window)) }
}

/// A target made without a file, such as from environment variables.
impl Value {
    /// A text that holds no reference, at a place that no file has.
    pub fn literal(text: &str, by: &str) -> Self {
        Self {
            place: crate::spec::read::place::Place::generated(by),
            kind: crate::spec::language::value::ValueKind::Literal(text.into()),
        }
    }
}
