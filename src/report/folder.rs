//! The folder of results: written whole or not at all.
//!
//! Files are written into a sibling of the folder, which then takes its place by renaming; an
//! interrupted run leaves what was there before. A folder is replaced only if all in it was
//! written by this program, of the same kind: its document says so, and there is no file of another
//! name.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{capacity, summary};
use crate::engine::digest::Digest;

/// What is written by one command.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Names of all files that are ever written.
    pub names: &'static [&'static str],
    /// The document that says whose folder it is …
    pub marker: &'static str,
    /// … by its schema.
    pub schema: &'static str,
}

/// Of `simulate run`.
pub const RUN: Kind = Kind {
    names: &[
        SUMMARY,
        "latency.csv",
        "latency.hgrm",
        "timeseries.csv",
        RECORDED,
        "latency.png",
        "load.png",
        "utilisation.png",
    ],
    marker: SUMMARY,
    schema: summary::SCHEMA,
};
/// Of `simulate capacity`.
pub const CAPACITY: Kind = Kind {
    names: &["capacity.json", "capacity.md", "load.png", "losses.png", "scaling.png", "sizes.png"],
    marker: "capacity.json",
    schema: capacity::SCHEMA,
};
const SUMMARY: &str = "summary.json";
/// What a later run can be held against.
pub const RECORDED: &str = "replications.json";

/// A file to be.
#[derive(Clone, Debug)]
pub struct File {
    /// One of its kind's names.
    pub name: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why a folder was not written.
#[derive(Debug)]
pub enum FolderError {
    /// Something is there that this program did not write.
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// What is in the way.
        found: String,
    },
    /// The system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
        /// What was written before that is still there, beside the folder that it was to become.
        left: Option<PathBuf>,
    },
}

impl std::fmt::Display for FolderError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FolderError::NotOurs { folder, found } => {
                let folder = folder.display();
                write!(formatter, "`{folder}` is not replaced: {found} (name another folder)")
            }
            FolderError::Io { path, error, .. } => {
                write!(formatter, "`{}` could not be written: {error}", path.display())
            }
        }
    }
}

impl std::error::Error for FolderError {}

fn at(path: &Path) -> impl FnOnce(io::Error) -> FolderError + '_ {
    move |error| FolderError::Io { path: path.to_owned(), error, left: None }
}

/// Whether something can be made beside `folder`, or, where that is not there, above it.
fn probe(folder: &Path) -> Result<(), FolderError> {
    let folder = &std::path::absolute(folder).map_err(at(folder))?;
    let Some(above) = folder.ancestors().skip(1).find(|it| it.is_dir()) else { return Ok(()) };
    let trial = above.join(format!(".simulate-{}", std::process::id()));
    fs::create_dir(&trial).and_then(|()| fs::remove_dir(&trial)).map_err(at(folder))
}

impl Kind {
    /// Whether `folder` may be and can be written: it is not there, empty, or all in it is ours. To be
    /// asked before a long run, so that its results are not refused after it.
    pub fn check(self, folder: &Path) -> Result<(), FolderError> {
        let not_ours = |found: String| FolderError::NotOurs { folder: folder.to_owned(), found };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return probe(folder),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Err(if folder.is_file() {
                    not_ours("it is a file".to_owned())
                } else {
                    not_ours("a folder above it is a file".to_owned())
                });
            }
            Err(error) => return Err(at(folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(at(folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_file = entry.file_type().map_err(at(folder))?.is_file();
            if !is_file || !self.names.contains(&name.as_str()) {
                return Err(not_ours(format!("it holds `{}`", name.escape_debug())));
            }
            names.push(name);
        }
        probe(folder)?;
        if names.is_empty() {
            return Ok(());
        }
        let name = self.marker;
        let schema = self.schema.split('/').next().unwrap_or(self.schema);
        let marker = format!("\"schema\": \"{schema}/");
        match fs::read_to_string(folder.join(name)) {
            Ok(text) if text.contains(&marker) => Ok(()),
            Ok(_) => Err(not_ours(format!("its `{name}` is of another program"))),
            Err(_) => Err(not_ours(format!("it has no readable `{name}`"))),
        }
    }

    /// Writes the files in their order, all or none, in place of what an earlier run left. Returns their
    /// digest.
    pub fn write(self, folder: &Path, files: &[File]) -> Result<Digest, FolderError> {
        assert!(files.iter().all(|file| self.names.contains(&file.name)));
        self.check(folder)?;
        // `results/.` and a link to a folder: what is renamed must be the folder itself.
        let folder = &fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let beside = |suffix: &str| {
            let mut name = folder.file_name().unwrap_or_default().to_owned();
            name.push(suffix);
            folder.with_file_name(name)
        };
        let (fresh, old) = (beside(".unfinished"), beside(".replaced"));
        if let Some(parent) = folder.parent() {
            fs::create_dir_all(parent).map_err(at(folder))?;
        }
        if old.exists() && !folder.exists() {
            // Interrupted between the two renames below: the earlier results are still beside.
            fs::rename(&old, folder).map_err(at(folder))?;
        }
        for left_over in [&fresh, &old] {
            self.remove(left_over)?;
        }
        fs::create_dir(&fresh).map_err(at(&fresh))?;
        for file in files {
            let path = fresh.join(file.name);
            if let Err(error) = fs::write(&path, &file.bytes) {
                return Err(unfinished(&fresh, path, error));
            }
        }
        if folder.exists() {
            fs::rename(folder, &old).map_err(at(folder))?;
        }
        if let Err(error) = fs::rename(&fresh, folder) {
            // Put back what was there; if that fails too, it is still beside.
            let _ = fs::rename(&old, folder);
            return Err(at(folder)(error));
        }
        self.remove(&old)?;
        Ok(digest(files))
    }

    /// Removes what an interrupted run left beside, unless it holds what is not ours.
    fn remove(self, path: &Path) -> Result<(), FolderError> {
        for name in self.names {
            let file = path.join(name);
            match fs::remove_file(&file) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(at(&file)(error)),
            }
        }
        match fs::remove_dir(path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(at(path)(error)),
        }
    }
}

/// Not all files could be written. Those that are whole are kept, and that is said.
fn unfinished(fresh: &Path, path: PathBuf, error: io::Error) -> FolderError {
    // Half a file is of no use, nor is a folder of nothing.
    let _ = fs::remove_file(&path);
    let is_empty = fs::remove_dir(fresh).is_ok();
    FolderError::Io { path, error, left: (!is_empty).then(|| fresh.to_owned()) }
}

/// Digest of what the files say: of the text files, in their order. Pictures are drawn from the
/// same numbers, but with the platform's mathematics.
pub fn digest(files: &[File]) -> Digest {
    let mut digest = Digest::new();
    for file in files.iter().filter(|file| !file.bytes.starts_with(b"\x89PNG")) {
        digest.fold_bytes(file.name.as_bytes());
        digest.fold_bytes(&file.bytes);
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(summary: &str) -> Vec<File> {
        let summary =
            format!("{{\n  \"schema\": \"{}\",\n  \"is\": \"{summary}\"\n}}\n", RUN.schema);
        vec![
            File { name: SUMMARY, bytes: summary.into_bytes() },
            File { name: "latency.csv", bytes: b"a,b\n".to_vec() },
        ]
    }

    #[test]
    fn our_own_folder_is_replaced_whole() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a/results");
        let first = RUN.write(&folder, &files("first")).unwrap();
        fs::write(folder.join("load.png"), b"old").unwrap();
        let second = RUN.write(&folder, &files("second")).unwrap();
        assert_ne!(first, second);
        assert!(fs::read_to_string(folder.join(SUMMARY)).unwrap().contains("second"));
        assert!(!folder.join("load.png").exists());
        assert_eq!(fs::read_dir(folder.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_with_other_things_is_refused_and_kept() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        RUN.write(&folder, &files("first")).unwrap();
        fs::write(folder.join("thesis.tex"), b"years of work").unwrap();
        let error = RUN.write(&folder, &files("second")).unwrap_err().to_string();
        assert!(error.contains("it holds `thesis.tex`"), "{error}");
        assert!(fs::read_to_string(folder.join(SUMMARY)).unwrap().contains("first"));
        assert!(folder.join("thesis.tex").exists());
    }

    #[test]
    fn files_of_our_names_by_someone_else_are_refused() {
        let parent = tempfile::tempdir().unwrap();
        fs::write(parent.path().join("latency.csv"), b"mine").unwrap();
        assert!(RUN.check(parent.path()).unwrap_err().to_string().contains("no readable"));
        fs::write(parent.path().join(SUMMARY), b"{}").unwrap();
        assert!(RUN.check(parent.path()).unwrap_err().to_string().contains("another program"));
    }

    #[test]
    fn a_file_in_the_way_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("results");
        fs::write(&path, b"").unwrap();
        assert!(RUN.check(&path).unwrap_err().to_string().contains("it is a file"));
    }

    /// Long before there is anything to be written; nothing is left of the question.
    #[test]
    fn what_cannot_be_written_is_told_at_once() {
        let parent = tempfile::tempdir().unwrap();
        RUN.check(&parent.path().join("not/yet/there")).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
        let file = parent.path().join("file");
        fs::write(&file, b"").unwrap();
        let error = RUN.check(&file.join("x")).unwrap_err().to_string();
        assert!(error.contains("a folder above it is a file"), "{error}");
        if Path::new("/proc/self").exists() {
            let error = RUN.check(Path::new("/proc/nope/x")).unwrap_err().to_string();
            assert!(error.contains("`/proc/nope/x` could not be written"), "{error}");
        }
    }

    /// As when the disk is full: what was written before the first file that fails is kept, and named.
    #[test]
    fn what_could_be_written_is_kept_and_said() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, fresh) = (parent.path().join("a"), parent.path().join("a.unfinished"));
        RUN.write(&folder, &files("first")).unwrap();
        fs::create_dir(&fresh).unwrap();
        fs::write(fresh.join(SUMMARY), b"whole").unwrap();
        let error = || io::Error::other("the disk is full");
        let of = |error: FolderError| match error {
            FolderError::Io { left, .. } => left,
            FolderError::NotOurs { .. } => panic!("it is ours"),
        };
        fs::write(fresh.join("load.png"), b"half").unwrap();
        let left = of(unfinished(&fresh, fresh.join("load.png"), error()));
        assert_eq!(left.as_ref(), Some(&fresh));
        assert!(fresh.join(SUMMARY).exists() && !fresh.join("load.png").exists());
        // Nothing whole is nothing left.
        let left = of(unfinished(&fresh, fresh.join(SUMMARY), error()));
        assert!(left.is_none() && !fresh.exists());
        assert!(fs::read_to_string(folder.join(SUMMARY)).unwrap().contains("first"));
    }

    #[test]
    fn what_an_interrupted_run_left_is_cleared() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("results");
        fs::create_dir(parent.path().join("results.unfinished")).unwrap();
        fs::write(parent.path().join("results.unfinished/latency.csv"), b"half").unwrap();
        RUN.write(&folder, &files("first")).unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
