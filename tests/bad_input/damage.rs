//! Files that were damaged, and texts that never were a scenario.

use proptest::prelude::*;
use simulate::scenario::{Override, compile};

use crate::{SITE, source};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    /// Damage of any kind ends in mistakes or in a site, the same each time, and never in a panic.
    #[test]
    fn damaged_files_never_panic(
        which in 0..3_usize,
        damage in proptest::collection::vec((0..4_u8, any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..6),
    ) {
        let mut text = match which {
            0 => SITE.to_owned(),
            1 => std::fs::read_to_string("scenarios/0-simple_web_stack.toml").unwrap(),
            _ => std::fs::read_to_string("scenarios/3-scale_up.toml").unwrap(),
        };
        for (kind, here, there) in damage {
            text = damaged(&text, kind, here, there);
        }
        let first = compile(&source(&text), &[]);
        let second = compile(&source(&text), &[]);
        match (first, second) {
            (Ok(first), Ok(second)) => prop_assert_eq!(format!("{first:?}"), format!("{second:?}")),
            (Err(first), Err(second)) => prop_assert_eq!(first.draw(true), second.draw(true)),
            _ => prop_assert!(false, "not the same twice"),
        }
    }

    /// The same for texts that were never a scenario.
    #[test]
    fn arbitrary_texts_never_panic(text in "[ -~\n\u{1b}é]{0,200}", path in "[a-z.]{1,20}") {
        if let Err(wrong) = compile(&source(&text), &[]) {
            let escape = '\u{1b}';
            prop_assert!(!wrong.draw(false).contains(escape));
        }
        let _ = compile(&source(SITE), &[Override { path, value: text }]);
    }
}

/// A character or a line is gone or there twice, or two lines or values have changed places.
fn damaged(text: &str, kind: u8, here: prop::sample::Index, there: prop::sample::Index) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut chars: Vec<char> = text.chars().collect();
    if lines.is_empty() || chars.is_empty() {
        return text.to_owned();
    }
    match kind {
        0 => {
            chars.remove(here.index(chars.len()));
            return chars.into_iter().collect();
        }
        1 => {
            let at = here.index(chars.len());
            chars.insert(at, chars[at]);
            return chars.into_iter().collect();
        }
        2 => {
            let (here, there) = (here.index(lines.len()), there.index(lines.len()));
            let values = (lines[here].split_once('='), lines[there].split_once('='));
            if let (Some((key, value)), Some((other_key, other))) = values {
                let (first, second) = (format!("{key}={other}"), format!("{other_key}={value}"));
                lines[here] = first;
                lines[there] = second;
            } else {
                lines.swap(here, there);
            }
        }
        _ => {
            let line = lines.remove(here.index(lines.len()));
            let at = there.index(lines.len() + 1);
            lines.insert(at, line.clone());
            lines.insert(at, line);
        }
    }
    lines.join("\n")
}
