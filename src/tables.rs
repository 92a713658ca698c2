//! Tables on the terminal, all in one look: one rule, below the head; numbers to the right; never wider than the terminal.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};
use console::Term;

/// One rule below the head, and nothing else.
const STYLE: TableStyle = TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─'));

/// A column's head.
pub enum Head<'a> {
    Text(&'a str),
    /// Of figures, which stand to the right.
    Number(&'a str),
}

/// A table with these columns; it fits itself to the terminal.
pub fn new(heads: &[Head<'_>]) -> Table {
    let mut table = plain(STYLE);
    table.set_header(heads.iter().map(|head| match head {
        Head::Text(text) => Cell::new(text),
        Head::Number(text) => Cell::new(text).set_alignment(CellAlignment::Right),
    }));
    for (column, head) in table.column_iter_mut().zip(heads) {
        if let Head::Number(_) = head {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// Gives each column room for a word of so many letters, however narrow the terminal is: shorter ones are never broken in two.
pub fn keep_words(table: &mut Table, letters: &[u16]) {
    for (column, letters) in table.column_iter_mut().zip(letters) {
        let padding = column.padding_width();
        column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(letters + padding)));
    }
}

/// Two columns without a head: what, and how it is.
pub fn pairs(rows: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Table {
    let mut table = plain(TableStyle::new());
    for (what, how) in rows {
        table.add_row([what.into(), how.into()]);
    }
    table
}

/// Two columns without a head: what, and how much, in figures.
pub fn amounts(rows: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Table {
    let mut table = pairs(rows);
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn plain(style: TableStyle) -> Table {
    let mut table = Table::new();
    table.load_style(style).set_content_arrangement(ContentArrangement::Dynamic);
    if let Some(columns) = width() {
        table.set_width(columns);
    }
    table
}

/// How wide the terminal is. Into a file or a pipe, lines are as long as they need to be, unless `COLUMNS` says otherwise.
fn width() -> Option<u16> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    Term::stdout().size_checked().map(|(_, columns)| columns).or(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_rule_stands_below_the_head_and_numbers_stand_to_the_right() {
        let mut table = new(&[Head::Text("what"), Head::Number("how many")]);
        table.add_row(["carts", "7"]).add_row(["orders", "1,234"]);
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(lines.len(), 4, "{table}");
        assert!(lines[1].trim().chars().all(|letter| letter == '─') && !lines[1].is_empty(), "{table}");
        assert!(lines[2].ends_with("  7") && lines[3].ends_with("1,234"), "{table}");
    }

    #[test]
    fn a_table_is_no_wider_than_the_terminal() {
        let mut table = new(&[Head::Text("what"), Head::Text("why")]);
        table
            .set_width(30)
            .add_row(["a row of the table", "a reason that is a good deal longer than the terminal is wide"]);
        assert!(table.lines().all(|line| line.chars().count() <= 30), "{table}");
    }
}
