use super::*;

fn graph(sources: &[(&str, &str)]) -> Graph {
    let sources: BTreeMap<PathBuf, &str> =
        sources.iter().map(|(path, source)| (Path::new("src").join(path), *source)).collect();
    let read = |path: &Path| sources.get(path).map(ToString::to_string).context(path.display().to_string());
    Graph::of("tl-x", Path::new("src/lib.rs"), &read).unwrap()
}

/// The members of each cycle, the largest first.
fn cycles(sources: &[(&str, &str)]) -> Vec<String> {
    let graph = graph(sources);
    graph.knots.iter().map(|knot| graph.members(knot)).collect()
}

/// Cycles between `a` and others, in a crate whose root is given too.
fn cycles_of(root: &str, a: &str, b: &str) -> Vec<String> {
    cycles(&[("lib.rs", root), ("a.rs", a), ("b.rs", b)])
}

const AB: &str = "mod a;\nmod b;\n";

#[test]
fn one_way_is_no_cycle() {
    assert!(cycles_of(AB, "use crate::b::Y;\npub fn x(_: Y) {}", "pub struct Y;").is_empty());
}

#[test]
fn two_modules_that_use_each_other_are_a_cycle_with_places() {
    let graph = graph(&[
        ("lib.rs", AB),
        ("a.rs", "use crate::{b::{Y as Z, other}};\npub struct X(Z);"),
        ("b.rs", "pub struct Y;\n\nfn y(x: &crate::a::X) {}"),
    ]);
    let fault = graph.fault(0).unwrap();
    let places = "\n    a -> b: crate::b::Y, src/a.rs:1\n    b -> a: crate::a::X, src/b.rs:3";
    assert!(fault.contains("2 modules use each other") && fault.ends_with(places), "{fault}");
    assert_eq!(graph.fault(2), None);
    assert!(graph.fault(3).unwrap().contains("2 modules now: lower its row"));
}

#[test]
fn a_re_export_is_the_module_that_defines() {
    let root = "mod a; mod b; mod c;\npub use c::*;\npub use facade::Y;\nmod facade { pub use crate::b::Y; }";
    let sources =
        |c| [("lib.rs", root), ("a.rs", "use crate::Y;"), ("b.rs", "pub struct Y(super::Z);"), ("c.rs", c)];
    assert_eq!(cycles(&sources("pub struct Z(crate::a::X);")), ["a, b, c"]);
    assert!(cycles(&sources("pub struct Z;")).is_empty());
}

#[test]
fn a_name_that_all_names_of_a_module_bring_is_found() {
    let through_parent = "use b::Y;\nmod a;\nmod b;";
    assert_eq!(
        cycles_of(through_parent, "use super::*;\nfn x() { Y::new(); }", "use crate::a;\nfn y() { a::x() }"),
        ["a, b"]
    );
    // Traits may be used without a name.
    assert_eq!(cycles_of(AB, "use crate::b::*;", "use crate::a::X;"), ["a, b"]);
}

#[test]
fn paths_count_wherever_they_stand() {
    let back = "pub fn y() { crate::a::X::new(); }";
    for a in [
        "fn x() { crate::b::y(); }",
        "fn x() { self::super::b::y::<u8>(); }",
        "fn x() { use super::b; b::y(); }",
        "macro_rules! x { ($z:expr) => { $crate::b::y($z) }; }",
        "#[serde(with = \"crate::b\")]\nstruct X;",
        "struct X; impl From<crate::b::Y> for X {}",
        "fn x() { let all = 0..super::b::END; }",
    ] {
        assert_eq!(cycles_of(AB, a, back), ["a, b"], "{a}");
    }
    for a in [
        "// crate::b::y()",
        "/// [`crate::b`]\nfn x() { \"crate::b::y\"; std::b::y(); ::b::y(); x.b::<u8>(); }",
        "use crate::b;",
    ] {
        assert!(cycles_of(AB, a, back).is_empty(), "{a}");
    }
}

#[test]
fn a_macro_is_of_the_module_that_defines_it() {
    let b = "macro_rules! made { () => { crate::a::x() }; }";
    assert_eq!(cycles_of("#[macro_use]\nmod b;\nmod a;", "fn x() { made!(); }", b), ["b, a"]);
    assert_eq!(cycles_of(AB, "fn x() { crate::made!(); }", b), ["a, b"]);
    assert!(cycles_of(AB, "fn x() { other!(); made != 1; }", b).is_empty());
}

#[test]
fn code_for_tests_does_not_count() {
    let back = "pub struct Y(crate::a::X);";
    for a in [
        "#[cfg(test)]\nuse crate::b::Y;\npub struct X;",
        "#[cfg(test)]\nmod tests { use crate::b::Y; }",
        "#[cfg(test)]\nmod missing;",
        "#[test]\n#[allow(x)]\npub(crate) fn x() -> [crate::b::Y; 1] { crate::b::Y }\npub struct X;",
        "#[cfg(all(test, unix))]\nconst C: crate::b::Y = crate::b::Y {};",
        "struct X { #[cfg(test)] y: crate::b::Y, z: u8 }",
        "#![cfg(test)]\nuse crate::b::Y;",
    ] {
        assert!(cycles_of(AB, a, back).is_empty(), "{a}");
    }
    for a in [
        "#[cfg(test)]\nuse x;\nuse crate::b::Y;",
        "#[cfg(any(test, unix))]\nuse crate::b::Y;",
        "#[cfg(not(test))]\nuse crate::b::Y;",
    ] {
        assert_eq!(cycles_of(AB, a, back), ["a, b"], "{a}");
    }
}

#[test]
fn parents_and_children_may_use_each_other() {
    let root = "mod a;\npub struct R(a::X);";
    let a = "mod inner;\nuse inner::I;\npub struct X(I);";
    let inner = "use super::X;\nuse crate::R;\npub struct I;";
    assert!(cycles(&[("lib.rs", root), ("a.rs", a), ("a/inner.rs", inner)]).is_empty());
}

#[test]
fn what_is_inside_modules_counts_for_them() {
    let a = "mod x { use crate::b::y::Y; pub struct X; }\nmod z { use super::x::X; }";
    assert_eq!(cycles_of(AB, a, "pub mod y { pub struct Y; }\npub mod w { use crate::a::X; }"), ["a, b"]);
    assert_eq!(
        cycles_of("mod a;", "mod x { use super::z::Z; }\nmod z { use super::x::X; }", ""),
        ["a::x, a::z"]
    );
}

#[test]
fn files_are_where_rust_looks_for_them() {
    let a = "mod own;\n#[path = \"elsewhere/strange.rs\"]\nmod moved;";
    let graph = graph(&[
        ("lib.rs", "mod a;"),
        ("a/mod.rs", a),
        ("a/own.rs", "use super::moved::below::M;"),
        ("a/elsewhere/strange.rs", "pub mod below;"),
        ("a/elsewhere/below.rs", "use crate::a::own::O;"),
    ]);
    assert_eq!(graph.members(&graph.knots[0]), "a::own, a::moved");
}

#[test]
fn this_workspace_obeys() {
    check().unwrap();
}
