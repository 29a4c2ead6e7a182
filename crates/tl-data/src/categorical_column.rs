//! The different words of a column, where there are few.

/// More different words than this say nothing that many rows have in common.
const MOST: usize = 64;

/// A column as the list of its different words, and which of them each row has.
#[derive(Debug)]
pub(crate) struct CategoricalColumn {
    pub(crate) name: String,
    /// The different values in the order in which they come; none of them is empty.
    pub(crate) categories: Vec<Category>,
    /// The number of each row's value; none where the cell is empty.
    of_row: Vec<Option<u8>>,
    /// There are more words than are listed.
    pub(crate) many: bool,
}

/// A word, and the rows that have it.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) text: String,
    pub(crate) first_row: u64,
    pub(crate) rows: usize,
}

impl CategoricalColumn {
    pub(crate) fn new(name: &str) -> Self {
        CategoricalColumn { name: name.to_string(), categories: Vec::new(), of_row: Vec::new(), many: false }
    }

    pub(crate) fn add(&mut self, row: u64, text: &str) {
        if self.many {
            return;
        }
        let known = self.categories.iter().position(|category| category.text == text);
        if known.is_none() && !text.is_empty() {
            self.categories.push(Category { text: text.to_string(), first_row: row, rows: 0 });
        }
        let at = known.or((!text.is_empty()).then(|| self.categories.len() - 1));
        if let Some(category) = at.and_then(|at| self.categories.get_mut(at)) {
            category.rows += 1;
        }
        self.of_row.push(at.and_then(|at| u8::try_from(at).ok()));
        if self.categories.len() > MOST {
            self.many = true;
            self.of_row = Vec::new();
        }
    }

    /// The place of each row's value in the list.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.of_row.iter().map(|category| category.map(usize::from))
    }

    /// Rows that have a word of this kind.
    pub(crate) fn rows_with(&self, kind: impl Fn(&Category) -> bool) -> usize {
        self.categories.iter().filter(|category| kind(category)).map(|category| category.rows).sum()
    }

    /// Rows whose cell is empty.
    pub(crate) fn empty(&self) -> usize {
        self.of_row.iter().filter(|category| category.is_none()).count()
    }

    /// "`a`, `b`, `c` and 2 more"
    pub(crate) fn quoted(&self) -> String {
        const NAMED: usize = 4;
        let named: Vec<String> =
            self.categories.iter().take(NAMED).map(|category| format!("`{}`", category.text)).collect();
        match self.categories.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            _ if self.many => format!("{} and many more", named.join(", ")),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}
