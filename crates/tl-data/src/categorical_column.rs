//! The different words of a column, where there are few.

/// More different words than this say nothing that many rows have in common.
const MOST: usize = 64;

/// A column as the list of its different words, and which of them each row has.
#[derive(Debug)]
pub(crate) struct CategoricalColumn {
    pub(crate) name: String,
    /// The different values in the order in which they come; none of them is empty.
    pub(crate) words: Vec<Category>,
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
        CategoricalColumn { name: name.to_string(), words: Vec::new(), of_row: Vec::new(), many: false }
    }

    pub(crate) fn add(&mut self, row: u64, text: &str) {
        if self.many {
            return;
        }
        let known = self.words.iter().position(|word| word.text == text);
        if known.is_none() && !text.is_empty() {
            self.words.push(Category { text: text.to_string(), first_row: row, rows: 0 });
        }
        let at = known.or((!text.is_empty()).then(|| self.words.len() - 1));
        if let Some(word) = at.and_then(|at| self.words.get_mut(at)) {
            word.rows += 1;
        }
        self.of_row.push(at.and_then(|at| u8::try_from(at).ok()));
        if self.words.len() > MOST {
            self.many = true;
            self.of_row = Vec::new();
        }
    }

    /// The place of each row's value in the list.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Option<usize>> + '_ {
        self.of_row.iter().map(|word| word.map(usize::from))
    }

    /// Rows that have a word of this kind.
    pub(crate) fn rows_with(&self, kind: impl Fn(&Category) -> bool) -> usize {
        self.words.iter().filter(|word| kind(word)).map(|word| word.rows).sum()
    }

    /// Rows whose cell is empty.
    pub(crate) fn empty(&self) -> usize {
        self.of_row.iter().filter(|word| word.is_none()).count()
    }

    /// "`a`, `b`, `c` and 2 more"
    pub(crate) fn quoted(&self) -> String {
        const NAMED: usize = 4;
        let named: Vec<String> =
            self.words.iter().take(NAMED).map(|word| format!("`{}`", word.text)).collect();
        match self.words.len().saturating_sub(NAMED) {
            0 => named.join(", "),
            _ if self.many => format!("{} and many more", named.join(", ")),
            more => format!("{} and {more} more", named.join(", ")),
        }
    }
}
