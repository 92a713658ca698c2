//! Tables on the terminal, all in one look.

use comfy_table::{ContentArrangement, Table, presets};
use console::Term;

/// A table with these headers; it fits itself to the terminal.
pub fn new(headers: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    // Into a file or a pipe, lines are as long as they need to be.
    if let Some((_, columns)) = Term::stdout().size_checked() {
        table.set_width(columns);
    }
    table.set_header(headers.iter().copied());
    table
}

/// Two columns without a header: what, and how much.
pub fn pairs(rows: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (what, how_much) in rows {
        table.add_row([what.into(), how_much.into()]);
    }
    table
}
