//! Case ids as file names that every file system takes and that no two ids share.

use sha2::{Digest, Sha256};

/// A name of lower-case letters, digits, `-` and `.`, at most 80 bytes, never reserved, never with `__`.
///
/// `::` becomes `.`; an id that lost anything else on the way, or was too long, carries the beginning of its digest, so
/// that distinct ids have distinct names even where case does not count.
pub fn safe(id: &str) -> String {
    const MOST: usize = 80;
    const DIGEST: usize = 8;
    let dotted = id.replace("::", ".");
    let mut name = String::with_capacity(dotted.len());
    for c in dotted.chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' => name.push(c),
            'A'..='Z' => name.push(c.to_ascii_lowercase()),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    let name = name.trim_matches(['-', '.']);
    let reserved = RESERVED.contains(&name.split('.').next().unwrap_or_default());
    if name == dotted && !id.contains('.') && name.len() <= MOST && !reserved && !name.is_empty() {
        return name.to_owned();
    }
    let digest = Sha256::digest(id.as_bytes());
    let digest: String =
        digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(DIGEST).map(nibble).collect();
    let kept = &name[..name.len().min(MOST - DIGEST - 2)];
    match (kept.is_empty(), reserved) {
        (true, _) => format!("case-{digest}"),
        (false, true) => format!("x-{kept}-{digest}"),
        (false, false) => format!("{}-{digest}", kept.trim_end_matches(['-', '.'])),
    }
}

/// Names that Windows keeps for devices, whatever follows the dot.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

fn nibble(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn ordinary_ids_stay_readable() {
        assert_eq!(safe("cogito::auth::revoked-key"), "cogito.auth.revoked-key");
        assert_eq!(safe("revoked-key"), "revoked-key");
    }

    #[test]
    fn ids_that_would_meet_are_kept_apart() {
        let ids = [
            "a_b",
            "a-b",
            "A-b",
            "a::b",
            "a.b",
            "a__b",
            "a[b]",
            "con",
            "é",
            "",
            "::",
            &"x".repeat(200),
            &"x".repeat(201),
        ];
        let mut names: Vec<String> = ids.iter().map(|id| safe(id)).collect();
        for name in &names {
            assert!(!name.contains("__") && name.len() <= 80 && !name.is_empty(), "{name}");
            assert!(name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.')), "{name}");
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), ids.len());
    }
}
