//! What a path means: the module that defines the item, through every import and re-export on the way.

use std::collections::{BTreeMap, HashMap};

use super::tree::{Import, Manner, Module, SourceLine};

/// A use of an item by another module than the one that defines it.
#[derive(Debug, Clone)]
pub(super) struct Use {
    pub(super) path: String,
    pub(super) place: SourceLine,
}

/// All uses, by the module that uses and the one that defines; of several, the first that is found.
pub(super) type Uses = BTreeMap<(usize, usize), Use>;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Module(usize),
    /// An item of a module; also a name that nobody finds in it, which a macro may make there.
    ItemOf(usize),
}

/// Imports that are being followed, by module and position, so that none is followed in a circle.
type Trail = Vec<(usize, usize)>;

/// Finds all uses among the modules of a crate.
///
/// To import a module is no use of it, to name something through it is one, of the module that defines that. To import
/// all names of a module is a use of it, as methods of its traits may be called without naming anything. Not seen: traits that
/// come through `a::*` from where `a` has them, and paths inside a macro's body that only hold where it is called.
pub(super) fn uses(modules: &[Module]) -> Uses {
    let names = Names::of(modules);
    let mut uses = Uses::new();
    for (from, module) in modules.iter().enumerate() {
        for (at, import) in module.imports.iter().enumerate() {
            for to in names.imported(from, at, import) {
                add(&mut uses, from, to, &import.path, &import.place);
            }
        }
        for ((path, manner), place) in &module.mentions {
            for to in names.mentioned(from, path, *manner) {
                add(&mut uses, from, to, path, place);
            }
        }
    }
    uses
}

fn add(uses: &mut Uses, from: usize, to: usize, path: &[String], place: &SourceLine) {
    if from != to {
        let found = || Use { path: path.join("::"), place: place.clone() };
        uses.entry((from, to)).or_insert_with(found);
    }
}

struct Names<'a> {
    modules: &'a [Module],
    /// Who defines a macro: `macro_rules!` gives names that no path leads to.
    macros: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Names<'a> {
    fn of(modules: &'a [Module]) -> Self {
        let mut macros: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, module) in modules.iter().enumerate() {
            module.macros.iter().for_each(|name| macros.entry(name).or_default().push(at));
        }
        Self { modules, macros }
    }

    /// The modules that an import uses.
    fn imported(&self, from: usize, at: usize, import: &Import) -> Vec<usize> {
        let meanings = self.resolve(from, &import.path, &mut vec![(from, at)]);
        let is_use = |meaning| match meaning {
            Meaning::ItemOf(module) => Some(module),
            Meaning::Module(module) => import.name.is_none().then_some(module),
        };
        meanings.into_iter().filter_map(is_use).collect()
    }

    /// The modules that a path in code uses.
    fn mentioned(&self, from: usize, path: &[String], manner: Manner) -> Vec<usize> {
        let meanings = self.resolve(from, path, &mut Trail::new());
        if meanings.is_empty() && manner == Manner::Macro && path.len() == 1 {
            return self.textual(from, &path[0]);
        }
        let is_use = |meaning| match meaning {
            Meaning::ItemOf(module) => Some(module),
            Meaning::Module(module) => (manner == Manner::Text).then_some(module),
        };
        meanings.into_iter().filter_map(is_use).collect()
    }

    /// Who defines a macro that is called by its bare name: a module around the call, or any.
    fn textual(&self, from: usize, name: &str) -> Vec<usize> {
        let all = self.macros.get(name).map_or(&[][..], Vec::as_slice);
        let around = |&&module: &&usize| self.is_inside(from, module);
        all.iter().find(around).map_or_else(|| all.to_vec(), |&module| vec![module])
    }

    fn is_inside(&self, inner: usize, outer: usize) -> bool {
        std::iter::successors(Some(inner), |&at| self.modules[at].parent).any(|at| at == outer)
    }

    /// What a path means in a module; nothing if it leads out of the crate.
    fn resolve(&self, from: usize, path: &[String], trail: &mut Trail) -> Vec<Meaning> {
        let Some((head, rest)) = path.split_first() else { return Vec::new() };
        let parent = |module: usize| self.modules[module].parent.unwrap_or(module);
        let begin = match head.as_str() {
            "crate" => vec![Meaning::Module(0)],
            "self" => vec![Meaning::Module(from)],
            "super" => vec![Meaning::Module(parent(from))],
            name => self.look_up(from, name, None, trail),
        };
        rest.iter().fold(begin, |meanings, name| self.enter(&meanings, name, trail))
    }

    /// What a name means behind `::`.
    fn enter(&self, meanings: &[Meaning], name: &str, trail: &mut Trail) -> Vec<Meaning> {
        let modules = meanings.iter().filter_map(|meaning| match meaning {
            Meaning::Module(module) => Some(*module),
            Meaning::ItemOf(_) => None,
        });
        let modules: Vec<usize> = modules.collect();
        if modules.is_empty() {
            return meanings.to_vec();
        }
        modules.into_iter().flat_map(|module| self.member(module, name, trail)).collect()
    }

    fn member(&self, module: usize, name: &str, trail: &mut Trail) -> Vec<Meaning> {
        if name == "super" {
            return vec![Meaning::Module(self.modules[module].parent.unwrap_or(module))];
        }
        let found = self.look_up(module, name, None, trail);
        if !found.is_empty() {
            return found;
        }
        match self.macros.get(name) {
            // `#[macro_export]` puts it there.
            Some(definers) if module == 0 => definers.iter().copied().map(Meaning::ItemOf).collect(),
            _ => vec![Meaning::ItemOf(module)],
        }
    }

    /// What a name means in a module: a child, an item, an import; else what an import of all names brings. `asks` is who looks
    /// from outside through such an import, and sees only what is public or around it.
    fn look_up(&self, at: usize, name: &str, asks: Option<usize>, trail: &mut Trail) -> Vec<Meaning> {
        let module = &self.modules[at];
        let sees = |public: bool| public || asks.is_none_or(|asks| self.is_inside(asks, at));
        let child = module.children.get(name).filter(|&&child| sees(self.modules[child].public));
        let item = module.items.get(name).filter(|&&public| sees(public));
        let mut found: Vec<Meaning> = child.map(|&child| Meaning::Module(child)).into_iter().collect();
        found.extend(item.map(|_| Meaning::ItemOf(at)));
        let imports = || module.imports.iter().enumerate().filter(|(_, import)| sees(import.public));
        for (index, import) in imports().filter(|(_, import)| import.name.as_deref() == Some(name)) {
            found.extend(self.follow(at, index, trail, |trail| self.resolve(at, &import.path, trail)));
        }
        if found.is_empty() {
            for (index, import) in imports().filter(|(_, import)| import.name.is_none()) {
                let all = |trail: &mut Trail| self.through(at, import, name, asks.unwrap_or(at), trail);
                found.extend(self.follow(at, index, trail, all));
            }
        }
        found
    }

    /// What a name means among all names of a module.
    fn through(
        &self,
        at: usize,
        import: &Import,
        name: &str,
        asks: usize,
        trail: &mut Trail,
    ) -> Vec<Meaning> {
        let mut found = Vec::new();
        for meaning in self.resolve(at, &import.path, trail) {
            if let Meaning::Module(module) = meaning {
                found.extend(self.look_up(module, name, Some(asks), trail));
            }
        }
        found
    }

    fn follow<F>(&self, module: usize, import: usize, trail: &mut Trail, find: F) -> Vec<Meaning>
    where
        F: FnOnce(&mut Trail) -> Vec<Meaning>,
    {
        if trail.contains(&(module, import)) {
            return Vec::new();
        }
        trail.push((module, import));
        let found = find(trail);
        trail.pop();
        found
    }
}
