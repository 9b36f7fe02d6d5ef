//! A table that grows while it is told.
//!
//! A sweep that is begun again tells the same bytes. So what is there already is gone through, not cut
//! off and written anew: whoever reads the table meanwhile, or interrupts the sweep, loses nothing.

use crate::{engine::digest::Digest, experiment::replicate::Failure};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    mem,
    path::{Path, PathBuf},
};

/// A file, and the digest of what was told.
#[derive(Debug)]
pub(super) struct Tee {
    path: PathBuf,
    /// Which other file says that this one is whole.
    seal: PathBuf,
    file: File,
    /// The same file, read as far as it is what was told. `None`: all that follows is written.
    before: Option<BufReader<File>>,
    /// Told, and not yet written.
    pending: String,
    /// How many bytes were written, or are there already.
    end: u64,
    pub(super) digest: Digest,
}

impl Tee {
    pub(super) fn open(path: PathBuf, seal: &Path) -> io::Result<Tee> {
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path)?;
        let before = Some(BufReader::new(File::open(&path)?));
        let seal = seal.to_owned();
        let (pending, end) = (String::new(), 0);
        Ok(Tee { path, seal, file, before, pending, end, digest: Digest::new() })
    }

    /// Goes on. The digest is one of texts: of more than one together it would be another.
    pub(super) fn tell(&mut self, text: &str) {
        self.digest.fold_bytes(text.as_bytes());
        self.pending.push_str(text);
    }

    /// Writes what was told.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        let pending = mem::take(&mut self.pending);
        self.append(pending.as_bytes()).map_err(|error| self.failed(&error))
    }

    /// That was all.
    pub(super) fn close(&mut self) -> Result<(), Failure> {
        self.write()?;
        self.cut().map_err(|error| self.failed(&error))
    }

    fn failed(&self, error: &io::Error) -> Failure {
        Failure::Output { says: format!("`{}` could not be written: {error}", self.path.display()) }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let known = self.known(bytes)?;
        self.end += known as u64;
        let rest = &bytes[known..];
        if rest.is_empty() {
            return Ok(());
        }
        self.cut()?;
        self.end += rest.len() as u64;
        self.file.write_all(rest)
    }

    /// How many of these bytes are there already.
    fn known(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(before) = &mut self.before else { return Ok(0) };
        let mut there = Vec::new();
        before.take(bytes.len() as u64).read_to_end(&mut there)?;
        Ok(if bytes.starts_with(&there) { there.len() } else { 0 })
    }

    /// Nothing is left behind what was told.
    fn cut(&mut self) -> io::Result<()> {
        if self.before.take().is_none() {
            return Ok(());
        }
        if self.file.metadata()?.len() > self.end {
            match fs::remove_file(&self.seal) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            self.file.set_len(self.end)?;
        }
        self.file.seek(SeekFrom::Start(self.end)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is there before and after each of the texts is told, and whether the seal is left.
    fn check(before: &str, told: [&str; 2], expected: [&str; 3], is_sealed: bool) {
        let folder = tempfile::tempdir().unwrap();
        let (path, seal) = (folder.path().join("table"), folder.path().join("seal"));
        fs::write(&path, before).unwrap();
        fs::write(&seal, "").unwrap();
        let mut tee = Tee::open(path.clone(), &seal).unwrap();
        for (text, expected) in told.iter().zip(expected) {
            tee.tell(text);
            tee.write().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{before} {told:?}");
        }
        tee.close().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), expected[2], "{before} {told:?}");
        assert_eq!(seal.exists(), is_sealed, "{before} {told:?}");
    }

    #[test]
    fn what_is_there_already_is_left_alone() {
        check("", ["one,", "two"], ["one,", "one,two", "one,two"], true);
        check("one,two", ["one,", "two"], ["one,two", "one,two", "one,two"], true);
        check("on", ["one,", "two"], ["one,", "one,two", "one,two"], true);
        check("one,t", ["one,", "two"], ["one,t", "one,two", "one,two"], true);
    }

    #[test]
    fn the_digest_does_not_know_how_much_is_written_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("table");
        let digest = |writes_each: bool| {
            let mut tee = Tee::open(path.clone(), &path).unwrap();
            for text in ["one,", "two,", "three"] {
                tee.tell(text);
                if writes_each {
                    tee.write().unwrap();
                }
            }
            tee.close().unwrap();
            tee.digest.to_string()
        };
        assert_eq!(digest(true), digest(false));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one,two,three");
    }

    #[test]
    fn what_is_not_the_same_is_cut_off_with_its_seal() {
        check("one,too,three", ["one,", "two"], ["one,too,three", "one,two", "one,two"], false);
        check(
            "one,two,three",
            ["one,", "two"],
            ["one,two,three", "one,two,three", "one,two"],
            false,
        );
    }
}
