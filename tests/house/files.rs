//! That no two files of a crate need each other, but for a module and what stands in it: whoever reads one need not have read the
//! other before.
//!
//! Files are read as text: what they import by `use crate::…`, `use super::…` or a path that begins so. Tests inside of files don't count.

use super::{files, read, root};
use std::collections::{BTreeMap, BTreeSet};

/// The path of a module within its crate.
type Module = Vec<String>;
/// Of each module, the modules that it takes something from.
type Imports = BTreeMap<Module, BTreeSet<Module>>;

#[test]
fn no_circle_of_files_is_left() {
    let crates = super::crates::CRATES.into_iter().chain(["."]);
    let mut circles = Vec::new();
    for name in crates {
        let house = Sources::of(name);
        let imports = house.imports();
        for (module, others) in &imports {
            for other in others.iter().filter(|other| reaches(&imports, other, module)) {
                circles.push(format!("{name}: {} -> {}", module.join("/"), other.join("/")));
            }
        }
    }
    assert!(circles.is_empty(), "files that need each other, by way of others too:\n{}", circles.join("\n"));
}

/// A circle of three in a crate of its own is found, and a module with its children is none.
#[test]
fn a_circle_is_found() {
    let sources = [
        ("a", "use crate::b::{self, B};"),
        ("b", "pub use crate::c::C; fn f() { crate::c::g() }"),
        ("c", "use super::a;"),
        ("d", "mod e; use e::E;"),
        ("d/e", "use super::D; use crate::a::A;"),
    ];
    let sources = sources.map(|(path, text)| (path.split('/').map(str::to_owned).collect(), text.to_owned()));
    let imports = Sources(sources.into_iter().collect()).imports();
    let module = |name: &str| -> Module { name.split('/').map(str::to_owned).collect() };
    assert!(reaches(&imports, &module("a"), &module("c")) && reaches(&imports, &module("c"), &module("b")));
    assert!(!reaches(&imports, &module("d"), &module("d/e")) && !reaches(&imports, &module("a"), &module("d/e")));
}

/// The files of a crate, by the modules that they are.
struct Sources(BTreeMap<Module, String>);

impl Sources {
    fn of(name: &str) -> Self {
        let source = root().join(name).join("src");
        let module = |path: std::path::PathBuf| {
            let inside = path.strip_prefix(&source).expect("it is there").with_extension("");
            let mut parts: Module = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&last.as_str())) {
                parts.pop();
            }
            let text = read(&path);
            let code = text.split("\nmod tests {").next().unwrap_or_default();
            (parts, code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n"))
        };
        let is_test =
            |(module, _): &(Module, String)| module.iter().any(|part| part == "testing" || part.ends_with("tests"));
        Self(files(&source, "rs").into_iter().map(module).filter(|source| !is_test(source)).collect())
    }

    fn imports(&self) -> Imports {
        let handed_on = self.handed_on();
        let of = |(module, text): (&Module, &String)| {
            let paths = paths(&without_handing_on(text));
            let targets = paths.iter().filter_map(|path| self.target(module, path, &handed_on, 0));
            let is_kin = |other: &Module| other.starts_with(module) || module.starts_with(other);
            (module.clone(), targets.filter(|other| !is_kin(other)).collect())
        };
        self.0.iter().map(of).collect()
    }

    /// What a module gives out under a name of its own: by module and name, the path that it stands for.
    fn handed_on(&self) -> BTreeMap<(Module, String), Vec<String>> {
        let mut handed_on = BTreeMap::new();
        for (module, text) in &self.0 {
            for path in public_uses(text).iter().flat_map(|tree| expanded(tree)) {
                if let Some(name) = path.last() {
                    handed_on.insert((module.clone(), name.clone()), path.clone());
                }
            }
        }
        handed_on
    }

    /// The module that the path leads to, through those that only hand on.
    fn target(
        &self,
        from: &Module,
        path: &[String],
        handed_on: &BTreeMap<(Module, String), Vec<String>>,
        depth: usize,
    ) -> Option<Module> {
        let mut module = from.clone();
        let mut rest = path;
        match rest.first()?.as_str() {
            "crate" => (module, rest) = (Vec::new(), &rest[1..]),
            "self" => rest = &rest[1..],
            "super" => {
                while rest.first().is_some_and(|part| part == "super") {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            first => {
                let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
                self.0.contains_key(&child).then_some(())?;
            }
        }
        while let Some(part) = rest.first() {
            module.push(part.clone());
            if !self.0.contains_key(&module) {
                module.pop();
                let known = handed_on.get(&(module.clone(), part.clone())).filter(|_| depth < 6);
                return match known {
                    Some(path) => self.target(&module, path, handed_on, depth + 1),
                    None => Some(module),
                };
            }
            rest = &rest[1..];
        }
        self.0.contains_key(&module).then_some(module)
    }
}

/// Whether one leads to the other over any number of steps, at least one.
fn reaches(imports: &Imports, from: &Module, to: &Module) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        for other in imports.get(module).into_iter().flatten() {
            if other == to {
                return true;
            }
            if seen.insert(other) {
                next.push(other);
            }
        }
    }
    false
}

/// The trees behind each `use` that makes something public.
fn public_uses(text: &str) -> Vec<String> {
    uses(text).into_iter().filter(|(is_public, _)| *is_public).map(|(_, tree)| tree).collect()
}

/// Every `use` of the text: whether it is public, and its tree.
fn uses(text: &str) -> Vec<(bool, String)> {
    let statement = |start: usize| {
        let (before, rest) = (text[..start].trim_end(), &text[start + 4..]);
        let line = before.rsplit(['\n', ';', '}', '{']).next().unwrap_or_default().trim();
        let is_alone = line.is_empty() || line.starts_with("pub") || line.ends_with(']');
        let tree = rest.split(';').next()?;
        is_alone.then(|| (line.contains("pub"), tree.to_owned()))
    };
    text.match_indices("use ").filter_map(|(start, _)| statement(start)).collect()
}

/// The text without what it only hands on.
fn without_handing_on(text: &str) -> String {
    public_uses(text).iter().fold(text.to_owned(), |text, tree| text.replace(&format!("use {tree};"), ""))
}

/// The paths that the text names: those of its `use`s, and those that begin at the crate or a parent.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut paths: Vec<Vec<String>> = uses(text).iter().flat_map(|(_, tree)| expanded(tree)).collect();
    for root in ["crate::", "super::"] {
        for (start, _) in text.match_indices(root) {
            let is_word = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
            let path: String = text[start..].chars().take_while(|char| is_word(*char)).collect();
            paths.push(path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect());
        }
    }
    paths
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn expanded(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some((before, inside)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![path.split("::").map(|part| part.trim().to_owned()).collect()];
    };
    let inside = inside.trim_end().strip_suffix('}').unwrap_or(inside);
    let prefix: Vec<String> =
        before.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
    let (mut depth, mut parts, mut part) = (0, Vec::new(), String::new());
    for char in inside.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            _ => {}
        }
        part.push(char);
    }
    parts.push(part);
    let whole = |rest: Vec<String>| prefix.iter().cloned().chain(rest).collect();
    parts.iter().filter(|part| !part.trim().is_empty()).flat_map(|part| expanded(part)).map(whole).collect()
}
