//! JSON pointers (RFC 6901).

use crate::spec::language::path::Unreadable;

/// Refuses what is not a JSON pointer.
///
/// # Errors
/// A text that is neither empty nor begins with `/`, or in which `~` is not followed by `0` or `1`.
pub fn check(pointer: &str) -> Result<(), Unreadable> {
    let escapes = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if escapes && (pointer.is_empty() || pointer.starts_with('/')) {
        return Ok(());
    }
    let help = if escapes {
        format!("it begins with a slash: `/{}`", pointer.replace('.', "/"))
    } else {
        "`~` is written `~0` and `/` inside a name `~1`".to_owned()
    };
    Err(Unreadable::new(format!("`{pointer}` is not a JSON pointer"), help))
}
