//! `summary.json`: the summary as it is, for programs. Its `schema` says how to read it.

use super::summary::Summary;

/// Pretty, with a line end behind the last line.
pub fn render(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has no odd keys");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_document_of_a_small_site() {
        let text = render(&Summary::new(&sample::site(), &sample::fold()));
        insta::assert_snapshot!(text);
    }
}
