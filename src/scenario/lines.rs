//! Text broken into lines that a terminal has room for.

/// How wide a page is.
pub const WIDTH: usize = 80;

/// Words in lines of at most `width` characters where a space allows it, all but the first indented. Spaces before the first
/// word are its own.
pub fn lines(words: &str, width: usize, indent: usize) -> Vec<String> {
    let (line, words) = words.split_at(words.len() - words.trim_start().len());
    let (mut lines, mut line) = (Vec::new(), line.to_owned());
    for word in words.split(' ') {
        let is_full = line.chars().count() + 1 + word.chars().count() > width;
        if is_full && !line.trim_start().is_empty() {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if !line.trim_start().is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole() {
        assert_eq!(lines("ab cd ef", 5, 0), ["ab cd", "ef"]);
        assert_eq!(lines("  ab cd", 6, 4), ["  ab", "    cd"]);
        assert_eq!(lines("abcdefgh ij", 4, 1), ["abcdefgh", " ij"]);
        assert_eq!(lines("", 4, 1), [""]);
    }
}
