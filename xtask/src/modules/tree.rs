//! The modules of a crate as its sources have them: what each defines, imports and mentions. Code for tests is left out.

use anyhow::{Context, Result};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::tokens::{Kind, Tokens};

/// A file and a line in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceLine {
    pub(super) file: PathBuf,
    pub(super) line: usize,
}

/// An import: one `a::b as c` of a `use`, or one `a::*`.
#[derive(Debug)]
pub(super) struct Import {
    pub(super) path: Vec<String>,
    /// The name it gives; none if it gives every name that it finds.
    pub(super) name: Option<String>,
    /// Whether others than the module and what is inside it may use the name.
    pub(super) public: bool,
    pub(super) place: SourceLine,
}

/// How a path is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Manner {
    /// The path stands in code, of whatever kind.
    Code,
    /// The path names a macro, with `!` behind it.
    Macro,
    /// The path is the string of an attribute: `#[serde(with = "crate::path_as_text")]`.
    Text,
}

/// A module, by position among all of its crate.
#[derive(Debug, Default)]
pub(super) struct Module {
    /// The module's path from the root, `plan::fuse`; empty for the root.
    pub(super) path: String,
    pub(super) parent: Option<usize>,
    pub(super) public: bool,
    pub(super) children: BTreeMap<String, usize>,
    /// Names of its own items, and whether they are public.
    pub(super) items: HashMap<String, bool>,
    /// Names among them that `macro_rules!` defines.
    pub(super) macros: Vec<String>,
    pub(super) imports: Vec<Import>,
    /// Each path in the module's code with the place where it stands first.
    pub(super) mentions: BTreeMap<(Vec<String>, Manner), SourceLine>,
}

/// Gives the text of a file.
type Read<'a> = &'a dyn Fn(&Path) -> Result<String>;

/// Reads a crate from its root's file on; the root is the first module.
pub(super) fn read(root: &Path, read: Read<'_>) -> Result<Vec<Module>> {
    let mut tree = Tree { modules: vec![Module::default()], read };
    let folder = root.parent().unwrap_or(Path::new("")).to_path_buf();
    tree.file(0, root, folder)?;
    Ok(tree.modules)
}

struct Tree<'r> {
    modules: Vec<Module>,
    read: Read<'r>,
}

/// What is being read.
struct Body<'a> {
    module: usize,
    file: &'a Path,
    /// Where the files of its child modules are.
    folder: PathBuf,
    tokens: &'a Tokens<'a>,
}

/// What surrounds a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Module,
    Inside,
    Attribute,
}

impl Body<'_> {
    fn place(&self, at: usize) -> SourceLine {
        SourceLine { file: self.file.to_path_buf(), line: self.tokens.get(at).map_or(0, |token| token.line) }
    }
}

impl Tree<'_> {
    fn file(&mut self, module: usize, file: &Path, folder: PathBuf) -> Result<()> {
        let source = (self.read)(file)?;
        let tokens = Tokens::of(&source);
        if tokens.code(1) == "!" && tokens.code(2) == "[" && is_for_tests(&tokens, tokens.inside(2)) {
            return Ok(());
        }
        self.walk(&Body { module, file, folder, tokens: &tokens }, 0..tokens.len(), Level::Module)
    }

    fn walk(&mut self, body: &Body<'_>, range: Range<usize>, level: Level) -> Result<()> {
        let mut at = range.start;
        let mut path = None;
        while at < range.end {
            let tokens = body.tokens;
            at = match tokens.code(at) {
                "#" if matches!(tokens.code(at + 1), "[" | "!") => {
                    path = path_attribute(tokens, at).or(path);
                    self.attribute(body, at, range.end)?
                }
                "use" if tokens.code(at + 1) != "<" => self.import(body, at),
                "mod" if level == Level::Module && tokens.is_word(at + 1) => {
                    self.child(body, at, path.take())?
                }
                "(" | "[" | "{" => {
                    let inner = if level == Level::Attribute { level } else { Level::Inside };
                    self.walk(body, tokens.inside(at), inner)?;
                    tokens.close(at) + 1
                }
                _ if level == Level::Module && item(tokens, at).is_some() => self.define(body, at),
                _ => self.mention(body, at, level),
            };
        }
        Ok(())
    }

    /// Reads an attribute, and goes past what it stands before if that is for tests alone.
    fn attribute(&mut self, body: &Body<'_>, at: usize, end: usize) -> Result<usize> {
        let open = if body.tokens.code(at + 1) == "!" { at + 2 } else { at + 1 };
        let next = body.tokens.close(open).max(open) + 1;
        if is_for_tests(body.tokens, body.tokens.inside(open)) {
            return Ok(end_of_item(body.tokens, next, end));
        }
        if !matches!(body.tokens.code(open + 1), "doc" | "path") {
            self.walk(body, body.tokens.inside(open), Level::Attribute)?;
        }
        Ok(next)
    }

    fn child(&mut self, body: &Body<'_>, at: usize, path: Option<String>) -> Result<usize> {
        let name = body.tokens.code(at + 1);
        let child = self.add(body.module, name, is_public(body.tokens, at));
        let folder = body.folder.join(name);
        if body.tokens.code(at + 2) == "{" {
            let inner = Body { module: child, file: body.file, folder, tokens: body.tokens };
            self.walk(&inner, body.tokens.inside(at + 2), Level::Module)?;
            return Ok(body.tokens.close(at + 2) + 1);
        }
        let beside = body.file.parent().unwrap_or(Path::new(""));
        let (file, folder) = match path {
            Some(path) => (beside.join(&path), beside.join(&path).with_file_name("")),
            None if (self.read)(&folder.with_extension("rs")).is_ok() => {
                (folder.with_extension("rs"), folder)
            }
            None => (folder.join("mod.rs"), folder),
        };
        let module = || format!("module {name}, of {}", body.file.display());
        self.file(child, &file, folder).with_context(module)?;
        Ok(at + 2)
    }

    /// A module may be there more than once, for one system each.
    fn add(&mut self, parent: usize, name: &str, public: bool) -> usize {
        if let Some(&there) = self.modules[parent].children.get(name) {
            return there;
        }
        let path = match self.modules[parent].path.as_str() {
            "" => name.to_owned(),
            above => format!("{above}::{name}"),
        };
        let child = self.modules.len();
        self.modules.push(Module { path, parent: Some(parent), public, ..Module::default() });
        self.modules[parent].children.insert(name.to_owned(), child);
        child
    }

    fn define(&mut self, body: &Body<'_>, at: usize) -> usize {
        let Some(name) = item(body.tokens, at) else { return at + 1 };
        let text = body.tokens.code(name).to_owned();
        let module = &mut self.modules[body.module];
        if body.tokens.code(at) == "macro_rules" {
            module.macros.push(text.clone());
        }
        module.items.insert(text, is_public(body.tokens, at));
        name + 1
    }

    fn import(&mut self, body: &Body<'_>, at: usize) -> usize {
        let mut tree = UseTree { tokens: body.tokens, at: at + 1, found: Vec::new() };
        tree.branch(&[]);
        let public = is_public(body.tokens, at);
        for (path, name) in tree.found {
            self.modules[body.module].imports.push(Import { path, name, public, place: body.place(at) });
        }
        tree.at
    }

    fn mention(&mut self, body: &Body<'_>, at: usize, level: Level) -> usize {
        let tokens = body.tokens;
        let text = tokens.get(at).filter(|token| token.kind == Kind::Text && level == Level::Attribute);
        if let Some(text) = text {
            let path = text.text.split("::").map(str::to_owned).collect();
            self.mentioned(body, at, path, Manner::Text);
            return at + 1;
        }
        if !tokens.is_word(at) || !begins_path(tokens, at) {
            return at + 1;
        }
        let mut path = vec![tokens.code(at).to_owned()];
        let mut next = at + 1;
        while tokens.code(next) == "::" && tokens.is_word(next + 1) {
            path.push(tokens.code(next + 1).to_owned());
            next += 2;
        }
        let is_macro = tokens.code(next) == "!" && tokens.code(next + 1) != "=";
        self.mentioned(body, at, path, if is_macro { Manner::Macro } else { Manner::Code });
        next
    }

    fn mentioned(&mut self, body: &Body<'_>, at: usize, path: Vec<String>, manner: Manner) {
        self.modules[body.module].mentions.entry((path, manner)).or_insert_with(|| body.place(at));
    }
}

/// Whether a path begins at a token: it is not a field or method, nor the end of `<T as Trait>::Name`, nor what a macro is
/// given.
fn begins_path(tokens: &Tokens<'_>, at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map_or("", |at| tokens.code(at));
    match before(1) {
        "::" => false,
        "." => before(2) == ".",
        "$" => tokens.code(at) == "crate",
        _ => true,
    }
}

/// Where the name stands of the item that begins at `at` with its keyword.
fn item(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let name = match tokens.code(at) {
        "struct" | "enum" | "trait" | "type" | "fn" => at + 1,
        "union" if matches!(tokens.code(at + 2), "{" | "<") => at + 1,
        "const" | "static" if tokens.code(at + 1) == "mut" => at + 2,
        "const" if matches!(tokens.code(at + 1), "fn" | "unsafe" | "async" | "extern") => return None,
        "const" | "static" => at + 1,
        "macro_rules" if tokens.code(at + 1) == "!" => at + 2,
        _ => return None,
    };
    tokens.is_word(name).then_some(name)
}

/// Whether `pub` or `pub(crate)` stands before a keyword, or before those that may stand between: `pub const unsafe fn`.
fn is_public(tokens: &Tokens<'_>, at: usize) -> bool {
    let mut before = at;
    while let Some(previous) = before.checked_sub(1) {
        match tokens.code(previous) {
            "pub" => return true,
            "const" | "unsafe" | "async" | "extern" | "(" | ")" | "crate" | "super" | "self" | "in"
            | "::" => {}
            _ if tokens.is_word(previous) && tokens.code(previous - 1) == "::" => {}
            _ => return false,
        }
        before = previous;
    }
    false
}

fn path_attribute(tokens: &Tokens<'_>, at: usize) -> Option<String> {
    let is_path = tokens.code(at + 2) == "path" && tokens.code(at + 3) == "=";
    tokens.get(at + 4).filter(|_| is_path).map(|path| path.text.to_owned())
}

/// Whether an attribute is `test`, or a `cfg` that only tests fulfil.
fn is_for_tests(tokens: &Tokens<'_>, attribute: Range<usize>) -> bool {
    let at = attribute.start;
    match tokens.code(at) {
        "test" => attribute.len() == 1,
        "cfg" if tokens.code(at + 1) == "(" => !may_hold(tokens, tokens.inside(at + 1).start),
        _ => false,
    }
}

/// Whether a predicate of `cfg` can hold where nothing is tested.
fn may_hold(tokens: &Tokens<'_>, at: usize) -> bool {
    match (tokens.code(at), tokens.code(at + 1)) {
        ("test", _) => false,
        ("all", "(") => predicates(tokens, at + 1).all(|one| may_hold(tokens, one)),
        ("any", "(") => predicates(tokens, at + 1).any(|one| may_hold(tokens, one)),
        _ => true,
    }
}

/// Where each predicate begins in a list of them.
fn predicates(tokens: &Tokens<'_>, open: usize) -> impl Iterator<Item = usize> {
    let list = tokens.inside(open);
    let mut next = list.start;
    std::iter::from_fn(move || {
        let begin = next;
        while next < list.end && tokens.code(next) != "," {
            next = tokens.close(next) + 1;
        }
        next += 1;
        (begin < list.end).then_some(begin)
    })
}

/// Where an item, a statement, a field or an arm ends that begins at `at`.
fn end_of_item(tokens: &Tokens<'_>, mut at: usize, end: usize) -> usize {
    while tokens.code(at) == "#" {
        at = tokens.close(at + 1) + 1;
    }
    while matches!(tokens.code(at), "pub" | "(") {
        at = tokens.close(at) + 1;
    }
    let is_function = matches!(tokens.code(at + 1), "fn" | "unsafe" | "async" | "extern");
    let to_semicolon = match tokens.code(at) {
        "use" | "let" | "type" | "static" => true,
        "const" => !is_function,
        "extern" => tokens.code(at + 1) == "crate",
        _ => false,
    };
    let items =
        ["fn", "impl", "struct", "enum", "union", "trait", "mod", "unsafe", "async", "const", "extern"];
    let to_comma = !to_semicolon && !items.contains(&tokens.code(at));
    while at < end {
        let next = tokens.close(at) + 1;
        match tokens.code(at) {
            ";" => return next,
            "," if to_comma => return next,
            "{" if !to_semicolon => return next,
            _ => at = next,
        }
    }
    end
}

/// The tree of a `use`.
struct UseTree<'a> {
    tokens: &'a Tokens<'a>,
    at: usize,
    found: Vec<(Vec<String>, Option<String>)>,
}

impl UseTree<'_> {
    /// Reads one branch, and stands behind it.
    fn branch(&mut self, above: &[String]) {
        let mut path = above.to_vec();
        loop {
            match self.tokens.code(self.at) {
                "{" => return self.branches(&path),
                "*" => {
                    self.at += 1;
                    return self.found.push((path, None));
                }
                "::" | "$" => self.at += 1,
                _ if self.tokens.is_word(self.at) => {
                    path.push(self.tokens.code(self.at).to_owned());
                    self.at += 1;
                    if self.tokens.code(self.at) != "::" {
                        return self.leaf(path);
                    }
                }
                _ => return self.at += 1,
            }
        }
    }

    fn branches(&mut self, path: &[String]) {
        let inside = self.tokens.inside(self.at);
        self.at = inside.start;
        while self.at < inside.end {
            self.branch(path);
            if self.tokens.code(self.at) == "," {
                self.at += 1;
            }
        }
        self.at = inside.end + 1;
    }

    fn leaf(&mut self, mut path: Vec<String>) {
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = path.last().cloned();
        if self.tokens.code(self.at) == "as" {
            name = Some(self.tokens.code(self.at + 1).to_owned());
            self.at += 2;
        }
        self.found.push((path, name));
    }
}
