//! Events of the healthy stream in another form on the wire.

use serde::{Deserialize, Serialize};

use super::{Arg, EventSpan};

/// Events whose form differs from the healthy one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventsAs {
    /// Which of those that have not been written yet.
    pub span: EventSpan,
    /// How their lines end.
    pub line_end: LineEnd,
    /// Whether the space behind the colon of a field is left out.
    pub bare_colon: bool,
    /// Whether the JSON stands on three `data` lines.
    pub data_lines: bool,
    /// Lines that stand before those of each event.
    pub lines: Vec<String>,
    /// How they are put into chunks and writes.
    pub pack: Pack,
    /// Milliseconds before each write; none when absent.
    pub every: Option<Arg>,
}

impl EventsAs {
    pub(super) fn args(&self) -> Vec<&Arg> {
        let cut = match &self.pack {
            Pack::Chunks(Cut::Bytes(arg)) | Pack::Writes(Cut::Bytes(arg)) => Some(arg),
            _ => None,
        };
        self.span.args().into_iter().chain(cut).chain(&self.every).collect()
    }
}

/// How lines end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// LF, as in the healthy stream.
    #[default]
    Lf,
    /// CR LF.
    CrLf,
    /// CR.
    Cr,
    /// LF, CR LF and CR in turn.
    Mixed,
}

/// How events are put into chunks and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pack {
    /// Each event a chunk of its own, written at once.
    #[default]
    Each,
    /// All in one chunk, written at once.
    OneChunk,
    /// Each event cut so, each piece a chunk of its own.
    Chunks(Cut),
    /// Each event a chunk of its own, which is cut so and written piece by piece.
    Writes(Cut),
}

/// Where bytes are cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// After each so many bytes.
    Bytes(Arg),
    /// Behind the first byte of each character that has several.
    InCharacters,
}

/// How much of an event is written before it breaks off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventPart {
    /// So many bytes, but less than all.
    Bytes(Arg),
    /// Up to the first byte, included, of its first character that has several. A rest of the stream without such a
    /// character cannot be played; events before the one that has it are written whole.
    IntoCharacter,
}

/// Bytes that are written under the framing of the head and complete no event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fragment {
    /// This text.
    Text(String),
    /// These bytes, written in hexadecimal digits.
    Hex(Hex),
    /// So many times the letter `x`.
    Filler(Arg),
}

/// Bytes that are written in hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hex(Vec<u8>);

impl Hex {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<String> for Hex {
    type Error = String;

    fn try_from(digits: String) -> Result<Self, String> {
        let refused = || format!("`{digits}` is not an even number of hexadecimal digits");
        if !digits.is_ascii() || !digits.len().is_multiple_of(2) {
            return Err(refused());
        }
        let pairs = (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16));
        pairs.collect::<Result<_, _>>().map(Self).map_err(|_| refused())
    }
}

impl From<Hex> for String {
    fn from(hex: Hex) -> Self {
        hex.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
