//! Columns of text, aligned: the first to the left, the others to the right.

/// A table under construction.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// With the titles of its columns.
    pub fn new<const COLUMNS: usize>(titles: [&str; COLUMNS]) -> Table {
        Table::of(titles.map(str::to_owned).into())
    }

    /// The same, where their number is a matter of the scenario.
    pub fn of(titles: Vec<String>) -> Table {
        Table { rows: vec![titles] }
    }

    /// One more row, of as many cells.
    pub fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.row_of(cells.into());
    }

    /// The same.
    pub fn row_of(&mut self, cells: Vec<String>) {
        assert_eq!(cells.len(), self.rows[0].len());
        self.rows.push(cells);
    }

    /// Leaves out a column (not the first) that says nothing in any row.
    #[must_use]
    pub fn without_empty_columns(mut self) -> Table {
        let says =
            |column: usize| self.rows[1..].iter().any(|row| !matches!(&*row[column], "" | "–"));
        let kept: Vec<bool> = (0..self.rows[0].len()).map(|it| it == 0 || says(it)).collect();
        for row in &mut self.rows {
            let mut kept = kept.iter();
            row.retain(|_| *kept.next().expect("as many columns in each row"));
        }
        self
    }

    /// As `lines`; where one is wider than that, what each row is about stands on a line of its own.
    pub fn lines_within(&self, width: usize) -> Vec<String> {
        let lines = self.lines();
        if lines.iter().all(|line| line.chars().count() <= width) {
            return lines;
        }
        let rest = |row: &Vec<String>| {
            let mut row = row.clone();
            row[0].clear();
            row
        };
        let below = Table { rows: self.rows.iter().map(rest).collect() };
        let both = self.rows.iter().zip(below.lines());
        both.flat_map(|(row, below)| [row[0].clone(), below]).filter(|it| !it.is_empty()).collect()
    }

    /// Lines, without a line end behind the last; the titles first.
    pub fn lines(&self) -> Vec<String> {
        let columns = self.rows[0].len();
        let width = |column: usize| {
            self.rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let first = format!("{:<1$}", row[0], widths[0]);
            let others = row.iter().zip(&widths).skip(1);
            let others = others.map(|(cell, &width)| format!("  {cell:>width$}"));
            let line: String = std::iter::once(first).chain(others).collect();
            line.trim_end().to_owned()
        };
        self.rows.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_stand_on_lines_of_their_own() {
        let mut table = Table::new(["", "p50", "p99"]);
        table.row(["a service of a long name".into(), "12.3 ms".into(), "1.20 s".into()]);
        table.row(["web".into(), "1.00 ms".into(), "20.0 ms".into()]);
        assert_eq!(table.lines_within(80), table.lines());
        assert_eq!(
            table.lines_within(30),
            [
                "      p50      p99",
                "a service of a long name",
                "  12.3 ms   1.20 s",
                "web",
                "  1.00 ms  20.0 ms",
            ]
        );
    }

    #[test]
    fn columns_are_aligned_and_empty_ones_left_out() {
        let mut table = Table::new(["", "p50", "lag", "max"]);
        table.row(["page".into(), "12.3 ms".into(), "–".into(), "1.20 s".into()]);
        table.row(["µ".into(), "–".into(), "–".into(), "0".into()]);
        let lines = table.without_empty_columns().lines();
        assert_eq!(
            lines,
            ["          p50     max", "page  12.3 ms  1.20 s", "µ           –       0"]
        );
    }
}
