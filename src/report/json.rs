//! Documents as they are, for programs. Their `schema` says how to read them.

use serde::Serialize;

/// Pretty, with a line end behind the last line.
pub fn render(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("documents have no odd keys");
    text.push('\n');
    text
}

/// On one line, with a line end.
pub fn compact(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string(document).expect("documents have no odd keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{sample, summary::Summary};

    #[test]
    fn the_document_of_a_small_site() {
        let text = render(&Summary::new(&sample::site(), &sample::fold()));
        insta::assert_snapshot!(text);
    }
}
