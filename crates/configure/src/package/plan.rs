//! What is to change in a package.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use buildfile::{Expr, File, LineIndex, Position, Statement};

use super::Package;
use super::binaries::Binary;
use super::images::{self, Image, is_target};
use super::names::{self, TopLevel};
use super::scope::Scope;
use super::stale::{Fate, Made};
use crate::diagnostic::Diagnostic;
use crate::languages::Macro;

/// What is to change, and what there is to say.
#[derive(Debug, Default)]
pub(super) struct Plan<'f, 'a> {
    pub(super) changes: Vec<Change<'f, 'a>>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// One change of a file.
#[derive(Debug)]
pub(super) enum Change<'f, 'a> {
    /// A new image, after its binary.
    Add { after: &'f Statement<'a>, name: String, image: &'f Macro, base: Option<&'f str>, binary: &'f str },
    /// An image gets another binary, in place of the literal `binary`.
    Point { binary: &'f Expr<'a>, to: &'f str },
    /// An image goes, which is called `local` here.
    Remove { statement: &'f Statement<'a>, local: &'f [u8] },
}

/// Plans what is to change, for `binaries` and `images` of `file`.
pub(super) fn plan<'f, 'a>(
    package: &Package<'f>,
    scope: &Scope<'f>,
    file: &'f File<'a>,
    binaries: &[Binary<'f, 'a>],
    images: &[Image<'f, 'a>],
) -> Plan<'f, 'a> {
    let made = Made::of(scope, file, images);
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, image) in images.iter().enumerate() {
        if let Some(name) = image.name {
            by_name.entry(name).or_default().push(index);
        }
    }
    let calls = names::by_name(file);
    let mut planner = Planner {
        package,
        scope,
        file,
        images,
        fates: fates(package, &made, &calls, images),
        made,
        by_name,
        calls,
        names: BTreeSet::new(),
        lines: OnceCell::new(),
        plan: Plan::default(),
    };
    let with_image = images::targets(package, scope, file, images);
    for binary in binaries.iter().filter(|binary| package.settings.is_asked(binary.row)) {
        if !with_image.contains(binary.name) {
            let name = package.settings.image_name(package.path, binary.name, binaries.len());
            planner.give_image(binary, name);
        }
    }
    planner.remove_stale();
    planner.plan
}

/// What is known of the binary of each image. An image that goes is no binary of another.
fn fates(
    package: &Package<'_>,
    made: &Made<'_>,
    calls: &BTreeMap<&str, Vec<TopLevel<'_, '_>>>,
    images: &[Image<'_, '_>],
) -> Vec<Fate> {
    let mut fates = vec![Fate::Exists; images.len()];
    loop {
        let mut going: BTreeMap<&str, usize> = BTreeMap::new();
        let gone = images.iter().zip(&fates).filter(|(image, fate)| goes(image, **fate));
        for name in gone.filter_map(|(image, _)| image.name) {
            *going.entry(name).or_default() += 1;
        }
        let stays =
            |name: &str| calls.get(name).map_or(0, Vec::len) > going.get(name).copied().unwrap_or_default();
        let next: Vec<Fate> = images.iter().map(|image| fate(package, made, image, stays)).collect();
        if next == fates {
            return fates;
        }
        fates = next;
    }
}

/// What is known of the binary of an image, where `stays` tells whether a call of a name is left. Of one that isn't to be edited, or names several or another package's, that doesn't count.
fn fate(package: &Package<'_>, made: &Made<'_>, image: &Image<'_, '_>, stays: impl Fn(&str) -> bool) -> Fate {
    match &image.binary {
        Some((_, label))
            if image.is_editable && is_target(label, package, label.name) && !stays(label.name) =>
        {
            made.fate(package, label.name)
        }
        _ => Fate::Exists,
    }
}

/// Whether an image is removed, unless its name is that which a new one would have.
fn goes(image: &Image<'_, '_>, fate: Fate) -> bool {
    fate == Fate::Gone && !image.keeps_something
}

struct Planner<'p, 'f, 'a> {
    package: &'p Package<'f>,
    scope: &'p Scope<'f>,
    file: &'f File<'a>,
    images: &'p [Image<'f, 'a>],
    /// What the file makes.
    made: Made<'f>,
    /// The images of each name, by index.
    by_name: BTreeMap<&'f str, Vec<usize>>,
    /// The calls of each name, in order.
    calls: BTreeMap<&'f str, Vec<TopLevel<'f, 'a>>>,
    /// Of each image, what is known of its binary.
    fates: Vec<Fate>,
    /// The names of new images.
    names: BTreeSet<String>,
    /// The lines of the file, once a message names one.
    lines: OnceCell<LineIndex<'f>>,
    plan: Plan<'f, 'a>,
}

impl<'f, 'a> Planner<'_, 'f, 'a> {
    /// Gives `binary` an image: that of this name, if its own binary is gone, or a new one.
    fn give_image(&mut self, binary: &Binary<'f, 'a>, name: String) {
        let image = self.package.settings.written(&binary.row.image);
        let named = self.by_name.get(name.as_str()).map_or(&[][..], Vec::as_slice);
        let stale = named.iter().copied().find(|&i| self.fates[i] == Fate::Gone);
        if let Some(i) = stale.filter(|&i| self.images[i].symbol == image.symbol) {
            // Its attributes are the user's: the program was renamed.
            if let Some((literal, _)) = &self.images[i].binary {
                self.plan.changes.push(Change::Point { binary: literal, to: binary.name });
                self.fates[i] = Fate::Exists;
                return;
            }
        }

        let taken = self.taken(&name).or_else(|| self.bound(image));
        if let Some(reason) = taken {
            let message = format!("no {} of {}: {reason}", image.symbol, binary.name);
            self.plan.diagnostics.push(Diagnostic::warning(binary.statement.span.start, message));
            return;
        }
        self.names.insert(name.clone());
        let base = self.package.settings.base(binary.row);
        self.plan.changes.push(Change::Add {
            after: self.place(image, binary),
            name,
            image,
            base,
            binary: binary.name,
        });
    }

    fn position(&self, offset: usize) -> Position {
        self.lines.get_or_init(|| LineIndex::new(self.file.text)).position(offset)
    }

    /// Why there can't be another target `name`, if so.
    fn taken(&self, name: &str) -> Option<String> {
        let named_images = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let is_removed = |statement: &Statement<'_>| {
            let is = |&i: &usize| {
                std::ptr::eq(self.images[i].statement, statement) && goes(&self.images[i], self.fates[i])
            };
            named_images.iter().any(is)
        };
        let mut named = self.calls.get(name).into_iter().flatten();
        let holder = named.find(|top| !is_removed(top.statement));
        let fix = "rename one, or say `# oci:image_name <name>`";
        if let Some(holder) = holder {
            let position = self.position(holder.statement.span.start);
            let kind = String::from_utf8_lossy(&self.file.text[holder.call.callee.span.range()]);
            let kept = if self.file.keeps(holder.statement.span) { ", which says `# keep`" } else { "" };
            return Some(format!(
                "its name, {name}, is taken by the {kind} at {}:{}{kept}: {fix}",
                position.line, position.column
            ));
        }
        if self.made.has_output(name) {
            return Some(format!("its name, {name}, is that of a generated file: {fix}"));
        }
        if self.names.contains(name) {
            return Some(format!("its name, {name}, is that of another new image: {fix}"));
        }
        let is_named = |(image, fate): (&Image<'_, '_>, &Fate)| {
            matches!(fate, Fate::Unknown(_))
                && image.binary.as_ref().is_some_and(|(_, label)| label.name == name)
        };
        if self.images.iter().zip(&self.fates).any(is_named) {
            return Some(format!("its name, {name}, is that of another image's binary: {fix}"));
        }
        let below = self.package.directory.join(name);
        let mut files = self.package.settings.build_file_names().iter().map(|file| below.join(file));
        files.any(|file| file.exists()).then(|| {
            format!("its name, {name}, is that of a package below, whose outputs would be in the same directory as its own: {fix}")
        })
    }

    /// The statement that a call of `image` for `binary` goes below: that of the binary, or the `load` of the macro if that comes later.
    fn place(&self, image: &Macro, binary: &Binary<'f, 'a>) -> &'f Statement<'a> {
        match images::bound(self.package, self.scope, image) {
            Some(binding) if binding.offset > binary.statement.span.start => {
                let loads = |statement: &&Statement<'_>| statement.span.start == binding.offset;
                self.file.statements.iter().find(loads).unwrap_or(binary.statement)
            }
            _ => binary.statement,
        }
    }

    /// Why the macro can't be loaded, if so: its name means something else in this file.
    fn bound(&self, image: &Macro) -> Option<String> {
        if images::bound(self.package, self.scope, image).is_some() {
            return None;
        }
        let binding = self.scope.binding(image.symbol.as_bytes())?;
        let origin = binding.file.map_or("this file".into(), String::from_utf8_lossy);
        Some(format!(
            "in this file, {} is something else, of {origin}: load it from {} under another name",
            image.symbol, image.file
        ))
    }

    /// Removes the images whose binaries are gone, and says which are left because that isn't certain.
    fn remove_stale(&mut self) {
        for (image, fate) in self.images.iter().zip(&self.fates) {
            match fate {
                Fate::Gone if goes(image, *fate) => {
                    self.plan.changes.push(Change::Remove { statement: image.statement, local: image.local });
                }
                Fate::Unknown(maker) => {
                    let binary = image.binary.as_ref().map_or("", |(_, label)| label.name);
                    let line = self.position(*maker).line;
                    let message = format!(
                        "nothing here is called {binary}, unless line {line} makes it, which is not evaluated: remove this image, or say `# keep`"
                    );
                    self.plan.diagnostics.push(Diagnostic::warning(image.statement.span.start, message));
                }
                Fate::Exists | Fate::Gone => {}
            }
        }
    }
}

impl Plan<'_, '_> {
    /// How many changes are of one sort.
    pub(super) fn count(&self, is: impl Fn(&Change<'_, '_>) -> bool) -> usize {
        self.changes.iter().filter(|change| is(change)).count()
    }
}
