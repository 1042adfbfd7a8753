//! What can go wrong at a provider and when, as data: the catalogue that ships with the crate.

mod class;
mod listing;
mod mode;
mod op;
mod param;
mod premise;
mod proof;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use class::{Family, Group, Lane, Need, Strikes};
pub use listing::{FaultListed, GroupListed, Listing, ParamListed};
pub use mode::Mode;
pub use op::{
    AnswerOp, Arg, Beginning, CallOp, CertificateFlaw, ChunkOp, ConnectionOp, Content, Edit, Ending,
    ErrorContent, EventSpan, Extent, Flood, FrameOp, Framing, HeadOp, Http2Op, InStream, Op, Pace, Pick,
    Place, Program, Recoding, Refusal, ReplyOp, RequestOp, Spot, TlsOp, UsageOp, words,
};
pub use op::{Cut, EventEdit, EventPart, EventsAs, ForEver, Fragment, Hex, LineEnd, Pack};
pub use param::{BindError, Bindings, Param, ParamKind, Params};
pub use premise::{Premise, ToolCall};
pub use proof::{
    After, Changes, Coding, Distrust, EventSight, EventsSight, FramingSight, HeadSight, IdleSight, PaceSight,
    Part, Piece, Probe, Proof, Range, Sight, TlsSight, UploadSight,
};

/// The files of the shipped catalogue, by the group letters they mostly hold.
const SHIPPED: [(&str, &str); 18] = [
    ("connect.yaml", include_str!("../../faults/connect.yaml")),
    ("tls.yaml", include_str!("../../faults/tls.yaml")),
    ("request.yaml", include_str!("../../faults/request.yaml")),
    ("connection.yaml", include_str!("../../faults/connection.yaml")),
    ("framing.yaml", include_str!("../../faults/framing.yaml")),
    ("head.yaml", include_str!("../../faults/head.yaml")),
    ("body.yaml", include_str!("../../faults/body.yaml")),
    ("http2.yaml", include_str!("../../faults/http2.yaml")),
    ("reuse.yaml", include_str!("../../faults/reuse.yaml")),
    ("json.yaml", include_str!("../../faults/json.yaml")),
    ("status.yaml", include_str!("../../faults/status.yaml")),
    ("retry.yaml", include_str!("../../faults/retry.yaml")),
    ("answer.yaml", include_str!("../../faults/answer.yaml")),
    ("stream.yaml", include_str!("../../faults/stream.yaml")),
    ("stream_end.yaml", include_str!("../../faults/stream_end.yaml")),
    ("stream_content.yaml", include_str!("../../faults/stream_content.yaml")),
    ("timing.yaml", include_str!("../../faults/timing.yaml")),
    ("stream_form.yaml", include_str!("../../faults/stream_form.yaml")),
];

/// A set of faults with unique ids, in the order in which they were written.
#[derive(Debug, Clone)]
pub struct Catalogue {
    faults: Vec<Fault>,
}

impl Catalogue {
    /// The catalogue that is built into the crate.
    pub fn shipped() -> &'static Self {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
            Catalogue::parse(&SHIPPED).expect("the shipped catalogue is valid, which a test keeps")
        });
        &CATALOGUE
    }

    /// Reads a catalogue from `(file name, YAML text)` pairs, each a list of faults.
    ///
    /// # Errors
    /// A file that is not such a list, a duplicate id, or a fault that contradicts itself.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, CatalogueError> {
        let mut faults: Vec<Fault> = Vec::new();
        for (file, text) in files {
            let listed: Vec<Fault> = serde_saphyr::from_str(text).map_err(|error| {
                CatalogueError::Unreadable { file: (*file).to_owned(), why: error.to_string() }
            })?;
            for fault in listed {
                fault
                    .validate()
                    .map_err(|why| CatalogueError::Contradiction { id: fault.id.clone(), why })?;
                if faults.iter().any(|known| known.id == fault.id) {
                    return Err(CatalogueError::Duplicate(fault.id));
                }
                faults.push(fault);
            }
        }
        Ok(Self { faults })
    }

    /// The fault with this id.
    pub fn get(&self, id: &str) -> Option<&Fault> {
        self.faults.iter().find(|fault| fault.id == id)
    }

    /// All faults, in the order in which they were written.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }
}

/// One way in which a provider fails.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The stable name, `snake_case`.
    pub id: String,
    /// The numbers of the failure modes that it plays, in the list of failure modes that the catalogue follows: a letter
    /// for the group and two digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Where the failure belongs in the order in which an exchange happens.
    pub group: Group,
    /// The word under which a contract documents such failures.
    pub family: Family,
    /// How far the exchange has come when it strikes.
    pub strikes: Strikes,
    /// What happens, in one line.
    pub says: String,
    /// What the request has to ask for, so that there is something to strike.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Need>,
    /// The dialects in which it can happen, by the names that files use; all when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dialects: Vec<String>,
    /// What a script may set.
    #[serde(default)]
    pub params: BTreeMap<String, Param>,
    /// What the healthy reply says where the script leaves that open.
    #[serde(default, skip_serializing_if = "Premise::is_empty")]
    pub given: Premise,
    /// Whether who does as the reply says asks again without the body, and so without the request's marker: what comes
    /// then can be told only at a provider that nobody else uses.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returns_unmarked: bool,
    /// What is played, by lane.
    pub play: Play,
    /// What a raw client must see of it.
    pub proof: Proof,
}

impl Fault {
    /// What is played to a request of this lane; `None` when the fault cannot happen there.
    pub fn program(&self, lane: Lane) -> Option<&Program> {
        let own = match lane {
            Lane::Plain => self.play.plain.as_ref(),
            Lane::Stream => self.play.stream.as_ref(),
        };
        own.or(self.play.every.as_ref())
    }

    /// The lanes in which the fault can happen.
    pub fn lanes(&self) -> Vec<Lane> {
        [Lane::Plain, Lane::Stream].into_iter().filter(|lane| self.program(*lane).is_some()).collect()
    }

    /// Whether a reply of this lane goes on for ever, saying something all the while.
    pub fn goes_on_for_ever(&self, lane: Lane) -> bool {
        self.program(lane).is_some_and(|program| program.iter().any(|op| matches!(op, Op::ForEver(_))))
    }

    /// Whether it can happen in the dialect of this name.
    pub fn happens_in(&self, dialect: &str) -> bool {
        self.dialects.is_empty() || self.dialects.iter().any(|known| known == dialect)
    }

    /// Gives every parameter its value: the script's, else the default.
    ///
    /// # Errors
    /// A parameter that the fault does not have, or a value of the wrong kind.
    pub fn bind(&self, given: &Params) -> Result<Bindings, BindError> {
        param::bind(&self.id, &self.params, given)
    }

    /// Whether it can only happen to a connection that carries TLS, or is to carry it.
    pub fn needs_tls(&self) -> bool {
        let programs = [&self.play.every, &self.play.plain, &self.play.stream];
        programs.into_iter().flatten().flatten().any(|op| matches!(op, Op::Tls(_)))
    }

    /// What a provider does while the fault is imposed on it.
    pub(crate) fn imposed(&self) -> &[Op] {
        let program = self.play.every.as_deref().filter(|_| self.strikes.needs_provider());
        program.unwrap_or_default()
    }

    fn validate_imposed(&self) -> Result<(), String> {
        if !self.strikes.needs_provider() {
            return Ok(());
        }
        if self.play.every.is_none() {
            return Err("a fault that is imposed on a provider has no lanes".into());
        }
        match self.strikes {
            Strikes::Request => self.validate_request(self.imposed()),
            _ => self.validate_connections(self.imposed()),
        }
    }

    fn validate_idle(&self, program: &[Op]) -> Result<(), String> {
        let mut parts = program.splitn(2, |op| *op == Op::Idle);
        let exchange = parts.next().unwrap_or_default();
        if exchange.contains(&Op::AwaitReuse) {
            return Err("only an idle connection waits for its reuse".into());
        }
        match parts.next() {
            None => Ok(()),
            Some(_) if self.strikes.needs_provider() => {
                Err("no exchange comes before an imposed fault".into())
            }
            Some(idle) if idle.iter().all(Op::suits_idle) => Ok(()),
            Some(_) => Err("that cannot be done to an idle connection".into()),
        }
    }

    fn validate_request(&self, program: &[Op]) -> Result<(), String> {
        if !program.iter().all(Op::needs_head_alone) {
            return Err("of a request that is struck only the head is known".into());
        }
        let approaches = |op: &Op| matches!(op, Op::Request(request) if request.approaches());
        if program.iter().skip_while(|op| approaches(op)).any(approaches) {
            return Err("what comes before the strike stands behind it".into());
        }
        let served = |op: &Op| matches!(op, Op::Connection(_));
        let strikes: Vec<&Op> = program.iter().filter(|op| !approaches(op)).collect();
        match strikes.as_slice() {
            [only] if served(only) => Ok(()),
            all if all.iter().any(|op| served(op)) => Err("who is struck is not served".into()),
            [.., Op::Close | Op::Reset | Op::Hang | Op::Request(RequestOp::ReadRest)] => Ok(()),
            _ => Err("the program does not say what becomes of the connection".into()),
        }
    }

    fn validate_connections(&self, program: &[Op]) -> Result<(), String> {
        if !program.iter().all(Op::needs_no_request) {
            return Err("a fault that strikes before a request has none to answer".into());
        }
        let alone = |op: &Op| matches!(op, Op::Connection(connection) if connection.spares_no_connection());
        if program.len() > 1 && program.iter().any(alone) {
            return Err("nothing can be done to connections that never come to be".into());
        }
        let last = matches!(
            program.last(),
            Some(Op::Close | Op::Reset | Op::Hang | Op::Connection(_) | Op::Http2(_))
        );
        if last { Ok(()) } else { Err("the program does not say what becomes of the connection".into()) }
    }

    fn validate(&self) -> Result<(), String> {
        let programs = [&self.play.every, &self.play.plain, &self.play.stream];
        if self.play.every.is_some() == (self.play.plain.is_some() || self.play.stream.is_some()) {
            return Err("play needs either `every` or `plain` and `stream`".into());
        }
        for op in programs.into_iter().flatten().flatten() {
            if let Some(name) = op.args().into_iter().find_map(|arg| arg.unknown_in(&self.params)) {
                return Err(format!("`$({name})` is not a parameter"));
            }
            if let Some(word) = op.texts().into_iter().find_map(|text| words::unknown(text, &self.params)) {
                return Err(format!("`$({word})` is neither a word nor a parameter"));
            }
            let before = matches!(op, Op::Connection(_) | Op::Request(_) | Op::Http2(_))
                || matches!(op, Op::Tls(tls) if tls.needs_no_request());
            if !self.strikes.needs_provider() && before {
                return Err("what is done before a request was read is imposed on a provider".into());
            }
        }
        programs.into_iter().flatten().try_for_each(|program| self.validate_idle(program))?;
        self.validate_imposed()?;
        for op in [&self.play.every, &self.play.plain].into_iter().flatten().flatten() {
            if op.needs_events() {
                return Err("a program for plain replies has no events".into());
            }
        }
        if programs.into_iter().flatten().any(|program| !program.is_sorted_by_key(|op| !op.prepares())) {
            return Err("`answer` and `edit` come before everything else".into());
        }
        if let Some(mode) = self.mode.as_deref().filter(|mode| Mode::get(mode).is_none()) {
            return Err(format!("there is no failure mode `{mode}`"));
        }
        if !self.proof.fits(&self.play) {
            return Err("the lanes of `proof` are not those of `play`".into());
        }
        let bound =
            [&Params::new(), &self.proof.with].map(|given| param::bind(&self.id, &self.params, given));
        bound.into_iter().try_for_each(|bound| bound.map(drop).map_err(|error| error.to_string()))
    }
}

/// The programs of a fault: either `every`, or one for each lane in which it can happen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Play {
    /// The same for plain and streaming requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Program>,
    /// For requests that asked for one JSON document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain: Option<Program>,
    /// For requests that asked for server-sent events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<Program>,
}

/// Why a catalogue was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogueError {
    /// Not YAML, or not a list of faults.
    #[error("{file}: {why}")]
    Unreadable {
        /// The file as named by the caller.
        file: String,
        /// The parser's message with line and column.
        why: String,
    },
    /// Two faults share an id.
    #[error("fault `{0}` is listed twice")]
    Duplicate(String),
    /// A fault that cannot mean what it says.
    #[error("fault `{id}`: {why}")]
    Contradiction {
        /// The fault.
        id: String,
        /// What contradicts what.
        why: String,
    },
}
