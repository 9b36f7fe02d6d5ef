//! Finished replications on disk: appended as they are done, found again after a kill, and put
//! together from any number of machines.
//!
//! A file of records begins with a line of JSON, the *charter*: all that the results depend on. Behind
//! it stand records, one a replication of a variant, each with a checksum. A process appends to a
//! file of its own, `shard-I-of-N.records`, and reads everybody's. A record that is torn is cut off
//! when the file is opened to be written, and passed over by those who only read. Nothing is averaged
//! here: a record holds what one replication has measured, whole.

mod file;
mod shard;

pub use file::{LedgerError, is_records};
pub use shard::Shard;

use crate::{
    engine::digest::Digest,
    measure::{carried, shape::Shape, tally::Tally},
};
use file::{Appender, Opened, Place, Record};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

/// Which replication of which variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Item {
    /// A digest of the variant's label.
    variant: [u64; 2],
    /// The replication's number.
    replication: u64,
}

impl Item {
    /// Of a variant that is called so.
    pub fn new(label: &str, replication: u64) -> Item {
        let mut digest = Digest::new();
        digest.fold_bytes(label.as_bytes());
        Item { variant: digest.words(), replication }
    }
}

/// What is known of an experiment.
#[derive(Debug)]
pub struct Ledger {
    /// Which part of the work is done here. `None`: nothing, it is only put together.
    pub shard: Option<Shard>,
    /// In how many parts the files are that were found.
    pub parts: u32,
    index: BTreeMap<Item, Place>,
    files: Vec<PathBuf>,
    appender: Option<Mutex<Appender>>,
    /// Bytes behind a torn record, by file, for the user.
    pub torn: Vec<(PathBuf, u64)>,
}

impl Ledger {
    /// Opens the records in `folder` to go on with the part `shard` of the experiment that `charter`
    /// (one line) describes. Another experiment's records are refused.
    pub fn resume(folder: &Path, charter: &str, shard: Shard) -> Result<Ledger, LedgerError> {
        fs::create_dir_all(folder).map_err(LedgerError::at(folder))?;
        let own = folder.join(shard.file_name());
        let mut ledger = Ledger::empty(Some(shard));
        let mut files = records_in(folder)?;
        files.retain(|path| *path != own);
        for path in &files {
            let opened = file::read(path, Some(charter))?;
            if Shard::of_file(path).is_none_or(|it| it.of != shard.of) {
                return Err(LedgerError::OtherParts { path: path.clone(), of: shard.of });
            }
            ledger.take(path, opened);
        }
        let (appender, opened) = Appender::open(&own, charter)?;
        ledger.take(&own, opened);
        ledger.parts = shard.of;
        ledger.appender = Some(Mutex::new(appender));
        Ok(ledger)
    }

    /// Whether there are records in `folder`, all of them of the experiment that `charter` describes.
    /// Another experiment's are an error; a file in which nothing is says nothing.
    pub fn vouches(folder: &Path, charter: &str) -> Result<bool, LedgerError> {
        let mut vouches = false;
        for path in records_in(folder)? {
            if let Some(theirs) = file::charter_of(&path)? {
                if theirs != charter {
                    let ours = charter.to_owned();
                    return Err(LedgerError::OtherExperiment { path, theirs, ours, beside: None });
                }
                vouches = true;
            }
        }
        Ok(vouches)
    }

    /// Puts together what is in several folders. The charter, and what was found.
    pub fn gather(folders: &[PathBuf]) -> Result<(String, Ledger), LedgerError> {
        let mut ledger = Ledger::empty(None);
        let mut charter: Option<String> = None;
        let mut first: Option<PathBuf> = None;
        for folder in folders {
            let files = records_in(folder)?;
            if files.is_empty() {
                return Err(LedgerError::NoRecords { folder: folder.clone() });
            }
            for path in files {
                let opened =
                    file::read(&path, charter.as_deref()).map_err(|error| match &first {
                        Some(first) => error.beside(first),
                        None => error,
                    })?;
                let of = Shard::of_file(&path).map_or(1, |it| it.of);
                if charter.is_some() && of != ledger.parts {
                    return Err(LedgerError::OtherParts { path, of: ledger.parts });
                }
                ledger.parts = of;
                if !opened.charter.is_empty() {
                    charter.get_or_insert_with(|| opened.charter.clone());
                    first.get_or_insert_with(|| path.clone());
                }
                ledger.take(&path, opened);
            }
        }
        let nothing =
            || LedgerError::NoRecords { folder: folders.first().cloned().unwrap_or_default() };
        let charter = charter.ok_or_else(nothing)?;
        Ok((charter, ledger))
    }

    fn empty(shard: Option<Shard>) -> Ledger {
        Ledger {
            shard,
            parts: 1,
            index: BTreeMap::new(),
            files: Vec::new(),
            appender: None,
            torn: Vec::new(),
        }
    }

    fn take(&mut self, path: &Path, opened: Opened) {
        let number = self.files.len() as u32;
        self.files.push(path.to_owned());
        // Two records of one item are equal, so it does not matter which is kept.
        self.index.extend(
            opened.records.into_iter().map(|(item, place)| (item, Place { file: number, ..place })),
        );
        if opened.torn > 0 {
            self.torn.push((path.to_owned(), opened.torn));
        }
    }

    /// Whether somebody has done it.
    pub fn has(&self, item: Item) -> bool {
        self.index.contains_key(&item)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Whether the work at this place of a list is to be done here.
    pub fn is_own(&self, place: u64) -> bool {
        self.shard.is_some_and(|shard| shard.has(place))
    }

    /// What was measured. `None`: it is not there, or it is no record of such a site.
    pub fn read(&self, item: Item, shape: &Shape) -> Result<Option<Tally>, LedgerError> {
        let Some(place) = self.index.get(&item) else { return Ok(None) };
        let path = &self.files[place.file as usize];
        let bytes = file::payload(path, *place)?;
        match carried::from_bytes(&bytes, shape) {
            Some(tally) => Ok(Some(tally)),
            None => Err(LedgerError::Foreign { path: path.clone() }),
        }
    }

    /// Writes down what was measured, behind everything else.
    pub fn keep(&self, item: Item, tally: &Tally) -> Result<(), LedgerError> {
        let Some(appender) = &self.appender else { return Ok(()) };
        let lock = || appender.lock().expect("nobody panics while writing");
        let written = lock().written.take();
        let record = Record::new(item, written, |to| carried::append(tally, to));
        lock().append(record)
    }

    /// Sees to it that all of it outlives the machine.
    pub fn sync(&self) -> Result<(), LedgerError> {
        match &self.appender {
            Some(appender) => appender.lock().expect("nobody panics while writing").sync(),
            None => Ok(()),
        }
    }
}

/// The files of records in a folder, in the order of their names.
fn records_in(folder: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let entries = fs::read_dir(folder).map_err(LedgerError::at(folder))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(LedgerError::at(folder))?;
        if is_records(&entry.file_name().to_string_lossy()) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
