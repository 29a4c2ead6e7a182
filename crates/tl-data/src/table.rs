//! A table as rows of text, while it is read and when it has been.

use crate::categorical_column::CategoricalColumn;
use crate::numbers::counted;

/// What was read of a table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Names of all columns.
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The columns that were not asked for, as far as they could say something about their rows.
    pub(crate) others: Vec<CategoricalColumn>,
    /// What was found out to read it, for people.
    pub(crate) notes: Vec<String>,
}

/// A row of a table: its number, and the wanted cells in the order they were asked for.
#[derive(Debug)]
pub(crate) struct Row {
    /// The row's number, from 1; in CSV the header is row 1, as in a spreadsheet.
    pub(crate) number: u64,
    pub(crate) cells: Vec<String>,
}

/// A table whose rows are being read.
pub(crate) struct TableBuilder {
    table: Table,
    wanted: Vec<usize>,
    /// Positions of the other columns.
    others: Vec<usize>,
    /// Rows without a cell that says anything.
    empty: usize,
}

impl Table {
    pub(crate) fn begin(names: &[String], wanted: Vec<usize>) -> TableBuilder {
        let others: Vec<usize> = (0..names.len()).filter(|column| !wanted.contains(column)).collect();
        let words =
            others.iter().filter_map(|&column| names.get(column)).map(|name| CategoricalColumn::new(name));
        let table = Table { names: names.to_vec(), others: words.collect(), ..Table::default() };
        TableBuilder { table, wanted, others, empty: 0 }
    }
}

impl TableBuilder {
    /// Adds what was found out to read it.
    pub(crate) fn note(&mut self, notes: impl IntoIterator<Item = String>) {
        self.table.notes.extend(notes);
    }

    /// Passes over a row without a cell that says anything.
    pub(crate) fn skip_empty(&mut self) {
        self.empty += 1;
    }

    /// Adds a row, given the text of each cell by its column's position.
    pub(crate) fn add(&mut self, number: u64, cell: impl Fn(usize) -> String) {
        for (words, &column) in self.table.others.iter_mut().zip(&self.others) {
            words.add(number, &cell(column));
        }
        self.table.rows.push(Row { number, cells: self.wanted.iter().map(|&column| cell(column)).collect() });
    }

    pub(crate) fn finish(mut self) -> Table {
        if self.empty > 0 {
            self.table.notes.push(format!("{} without any text passed over", counted(self.empty, "row")));
        }
        self.table
    }
}
