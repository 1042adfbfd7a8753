//! Bad credentials made of good ones.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value as Json;

use crate::spec::target::Mangle;

/// The text, changed.
///
/// # Errors
/// Why it cannot be changed so, without the text.
pub(super) fn mangled(text: &str, mangle: Option<Mangle>) -> Result<String, &'static str> {
    match mangle {
        None => Ok(text.to_owned()),
        Some(Mangle::Flip) => flipped(text).ok_or("which has no character to change"),
        Some(Mangle::Cut) => {
            let kept = text.chars().count() * 2 / 3;
            if kept == 0 { Err("which is too short to cut") } else { Ok(text.chars().take(kept).collect()) }
        }
        Some(Mangle::JwtNone) => unsigned(text).ok_or("which is no JSON Web Token"),
    }
}

/// The character in the middle of the last part is another one; at the end of base64 some bits count for nothing.
fn flipped(text: &str) -> Option<String> {
    let begin = text.rfind('.').map_or(0, |at| at + 1);
    let (before, last) = text.split_at(begin);
    let middle = last.chars().count() / 2;
    let (at, letter) = last.char_indices().nth(middle)?;
    let other = if letter == 'A' { 'B' } else { 'A' };
    Some(format!("{before}{}{other}{}", &last[..at], &last[at + letter.len_utf8()..]))
}

fn unsigned(token: &str) -> Option<String> {
    let mut parts = token.split('.');
    let (header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let mut header: Json = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    header.as_object_mut()?.insert("alg".to_owned(), Json::from("none"));
    Some(format!("{}.{payload}.", URL_SAFE_NO_PAD.encode(header.to_string())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_makes_another_text() {
        let token = format!(
            "{}.{}.sigAnature",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#),
            URL_SAFE_NO_PAD.encode("{}")
        );
        let flip = mangled(&token, Some(Mangle::Flip)).unwrap();
        assert!(flip.ends_with(".sigAnAture") && flip.len() == token.len(), "{flip}");
        assert_eq!(mangled("key-1", Some(Mangle::Flip)).unwrap(), "keA-1");
        assert_eq!(mangled("abcdef", Some(Mangle::Cut)).unwrap(), "abcd");
        let none = mangled(&token, Some(Mangle::JwtNone)).unwrap();
        let header = URL_SAFE_NO_PAD.decode(none.split('.').next().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Json>(&header).unwrap()["alg"], "none");
        assert!(none.ends_with('.'));
        assert!(mangled("opaque", Some(Mangle::JwtNone)).is_err());
        assert_eq!(mangled("same", None).unwrap(), "same");
    }
}
