//! Tables and lists of facts.

use crate::text::{count, esc};

/// Rows a reader scans; longer tables are folded up.
pub(super) const MOST_ROWS: usize = 60;

/// The heading of a column.
pub(super) enum Column {
    /// A left-aligned column.
    Text(&'static str),
    /// Right-aligned, tabular figures.
    Number(&'static str),
    /// A drawing that takes the room that is left.
    Chart(&'static str),
}

use Column::{Chart, Number, Text};

/// A table whose first cell in each row names the row. Cells are HTML; `caption` is for those who cannot see
/// it.
pub(super) fn table(caption: &str, columns: &[Column], rows: &[Vec<String>]) -> String {
    let heads: String = columns.iter().map(head).collect();
    let body: String = rows.iter().map(|cells| row(columns, cells)).collect();
    let caption = esc(caption);
    let table = format!(
        "<table>\n<caption>{caption}</caption>\n<thead><tr>{heads}</tr>
</thead>\n<tbody>\n{body}</tbody>\n</table>"
    );
    let table = scroll(&caption.to_string(), &table);
    match rows.len() {
        0..=MOST_ROWS => table,
        more => {
            format!("<details><summary>{caption}: {} rows</summary>{table}</details>", count(more as u64))
        }
    }
}

/// A box that scrolls sideways by itself, with the keyboard too, so that the page never does.
pub(super) fn scroll(label: &str, html: &str) -> String {
    format!("<div class=\"scroll\" role=\"group\" aria-label=\"{label}\" tabindex=\"0\">{html}</div>")
}

fn head(column: &Column) -> String {
    let (class, title) = match column {
        Text(title) => ("text", title),
        Number(title) => ("number", title),
        Chart(title) => ("chart-cell", title),
    };
    format!("<th scope=\"col\" class=\"{class}\">{title}</th>")
}

fn row(columns: &[Column], cells: &[String]) -> String {
    let cell = |(index, (column, html)): (usize, (&Column, &String))| match (index, column) {
        (0, _) => format!("<th scope=\"row\">{html}</th>"),
        (_, Text(_)) => format!("<td>{html}</td>"),
        (_, Number(_)) => format!("<td class=\"number\">{html}</td>"),
        (_, Chart(_)) => format!("<td class=\"chart-cell\">{html}</td>"),
    };
    let cells: String = columns.iter().zip(cells).enumerate().map(cell).collect();
    format!("<tr>{cells}</tr>\n")
}

/// Names and values, the values being HTML; `class` is `facts` for long values or `figures` for a few large
/// numbers.
pub(super) fn facts(class: &str, facts: &[(&str, String)]) -> String {
    let fact =
        |(name, value): &(&str, String)| format!("<div><dt>{}</dt><dd>{value}</dd></div>\n", esc(name));
    format!("<dl class=\"{class}\">\n{}</dl>", facts.iter().map(fact).collect::<String>())
}
