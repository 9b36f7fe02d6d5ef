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
        let says = |column: usize| self.rows[1..].iter().any(|row| row[column] != "–");
        let kept: Vec<bool> = (0..self.rows[0].len()).map(|it| it == 0 || says(it)).collect();
        for row in &mut self.rows {
            let mut kept = kept.iter();
            row.retain(|_| *kept.next().expect("as many columns in each row"));
        }
        self
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
