//! A curl command that sends the same request again, the credential left to a variable.

use super::Redactor;
use super::escape::{acts, controls};
use crate::wire::exchange::Request;

/// Stands for the credential until everything around it is quoted.
const CREDENTIAL: char = '\u{f8ff}';

/// A longer body is not part of the command.
const LONGEST_BODY: usize = 16 << 10;

/// The command; `$KEY` is the credential. Headers that curl would add by itself are taken away.
pub(super) fn command(base_url: &str, request: &Request, stream: bool, redactor: &Redactor) -> String {
    let authority_end = base_url.find("://").map_or(0, |at| at + 3);
    let origin_end = base_url[authority_end..].find('/').map_or(base_url.len(), |at| authority_end + at);
    let (origin, authority) = (&base_url[..origin_end], &base_url[authority_end..origin_end]);
    let mut words = vec!["curl -sS -i --http1.1 --noproxy '*' --path-as-is -g".to_owned()];
    if stream {
        words.push("-N".to_owned());
    }
    words.push(match request.method.as_str() {
        "HEAD" => "--head".to_owned(),
        method => format!("-X {}", quoted(method, redactor)),
    });
    // What curl would change in a URL goes beside it.
    let plain =
        request.target.starts_with('/') && request.target.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
    if plain {
        words.push(quoted(&format!("{origin}{}", request.target), redactor));
    } else {
        words.push(format!("--request-target {}", quoted(&request.target, redactor)));
        words.push(quoted(&format!("{origin}/"), redactor));
    }
    for (name, value) in &request.headers {
        let own = match name.to_ascii_lowercase().as_str() {
            "host" => value == authority,
            "content-length" => *value == request.body.len().to_string() && !request.body.is_empty(),
            _ => false,
        };
        if !own {
            words.push(format!("-H {}", header(name, value, redactor)));
        }
    }
    let with_body = !request.body.is_empty();
    for (added, always) in [("User-Agent", true), ("Accept", true), ("Content-Type", with_body)] {
        if always && !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(added)) {
            words.push(format!("-H '{added}:'"));
        }
    }
    if !with_body {
        return words.join(" ");
    }
    with_body_sent(words.join(" "), &request.body, redactor)
}

fn header(name: &str, value: &str, redactor: &Redactor) -> String {
    let known = super::CREDENTIAL_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known));
    let shown = match value.split_once(' ') {
        _ if !known || redactor.mask.finds(value) => value.to_owned(),
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphabetic()) => {
            format!("{scheme} {CREDENTIAL}")
        }
        _ => CREDENTIAL.to_string(),
    };
    // Curl sends an empty value only for this form.
    let line = if shown.is_empty() { format!("{name};") } else { format!("{name}: {shown}") };
    quoted(&line, redactor)
}

fn with_body_sent(command: String, body: &[u8], redactor: &Redactor) -> String {
    let text = String::from_utf8_lossy(body);
    let readable = std::str::from_utf8(body).is_ok()
        // Curl would take it for a file's name.
        && !text.starts_with('@')
        && !text.contains(CREDENTIAL)
        && !text.chars().any(|c| acts(c) && !matches!(c, '\n' | '\t'));
    if body.len() > LONGEST_BODY || (!readable && redactor.mask.finds(&text)) {
        return format!("{command} --data-binary @BODY  # BODY: {} bytes, not shown", body.len());
    }
    if readable {
        let masked = redactor.mask.replaced(&text, CREDENTIAL.encode_utf8(&mut [0; 4]));
        return format!("{command} --data-binary {}", in_quotes(&masked));
    }
    let octal: String = body
        .iter()
        .map(|&byte| match byte {
            b' '..=b'~' if !matches!(byte, b'\'' | b'\\' | b'%' | b'-') => char::from(byte).to_string(),
            _ => format!("\\{byte:03o}"),
        })
        .collect();
    format!("printf '{octal}' | {command} --data-binary @-")
}

fn quoted(text: &str, redactor: &Redactor) -> String {
    in_quotes(&controls(&redactor.mask.replaced(text, CREDENTIAL.encode_utf8(&mut [0; 4]))))
}

/// One word for sh that stands for exactly this text.
fn in_quotes(text: &str) -> String {
    let word = format!("'{}'", text.replace('\'', r"'\''").replace(CREDENTIAL, "'\"$KEY\"'"));
    // Quotes that were opened again at the end for nothing.
    match word.strip_suffix("''") {
        Some(shorter) if !shorter.is_empty() => shorter.to_owned(),
        _ => word,
    }
}
