//! The exact values: `cases.csv`, read by id.

const TABLE: &str = include_str!("../cases.csv");

/// Every row: its id and its value as the table has it.
pub(crate) fn rows() -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(TABLE.as_bytes());
    let headers = reader.headers().expect("the table has headers").clone();
    let column = |name: &str| {
        headers.iter().position(|header| header == name).expect("the table has this column")
    };
    let (id, value) = (column("id"), column("exact_value"));
    let row = |record: csv::Result<csv::StringRecord>| {
        let record = record.expect("a row of the table");
        (record[id].to_owned(), record[value].to_owned())
    };
    reader.records().map(row).collect()
}

/// The value of a row, as it is written.
pub(crate) fn text(id: &str) -> String {
    let found = rows().into_iter().find(|(known, _)| known == id);
    found.unwrap_or_else(|| panic!("the table has no row `{id}`")).1
}

/// The value of a row.
pub(crate) fn value(id: &str) -> f64 {
    let text = text(id);
    text.parse().unwrap_or_else(|_| panic!("`{id}` is not a number: {text}"))
}
