//! The table that is printed, in Markdown, line by line as it is measured; remarks follow it.

use std::process::ExitCode;

/// What a ratio must reach.
#[derive(Clone, Copy, Debug)]
pub enum Must {
    AtMost(f64),
    AtLeast(f64),
}

/// What was printed, and what is to be said below it.
#[derive(Debug, Default)]
pub struct Table {
    remarks: Vec<String>,
    missed: u32,
    is_wrong: bool,
}

impl Table {
    pub fn begin() -> Table {
        line(["what", "measured", "against", "ratio", "must", "reached"].map(str::to_owned));
        line(["---", "---", "---", "---:", "---:", "---"].map(str::to_owned));
        Table::default()
    }

    /// One line: what was measured and against what, both in words, and their ratio.
    pub fn line(&mut self, what: &str, measured: &str, against: &str, ratio: f64, must: Must) {
        let (limit, is_reached) = match must {
            Must::AtMost(most) => (format!("≤ {most}"), ratio <= most),
            Must::AtLeast(least) => (format!("≥ {least}"), ratio >= least),
        };
        let told = format!("{ratio:.2}");
        self.missed += u32::from(!is_reached);
        let is_reached = if is_reached { "yes" } else { "no" }.to_owned();
        line([what.to_owned(), measured.to_owned(), against.to_owned(), told, limit, is_reached]);
    }

    /// Something to know about the lines before.
    pub fn remark(&mut self, text: String) {
        self.remarks.push(text);
    }

    /// Something that makes the figures worthless.
    pub fn wrong(&mut self, text: &str) {
        self.is_wrong = true;
        self.remarks.push(format!("WRONG: {text}"));
    }

    pub fn end(self) -> ExitCode {
        println!();
        if self.missed > 0 {
            println!("- {} not reached", self.missed);
        }
        for remark in &self.remarks {
            println!("- {remark}");
        }
        if self.is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

fn line(cells: [String; 6]) {
    let [what, measured, against, ratio, must, reached] = cells;
    println!("| {what:50} | {measured:31} | {against:31} | {ratio:>7} | {must:>7} | {reached:7} |");
}
