//! Records survive whatever happens to their file.

use super::{file::Disk, *};
use crate::{measure::fold::Fold, report::sample};
use std::{
    cell::RefCell,
    fs::OpenOptions,
    io::{self, Seek, SeekFrom, Write},
};

fn tally() -> Tally {
    sample::fold().pool
}

fn record(replication: u64, payload: &[u8]) -> Record {
    Record::new(Item::new("a", replication), None, |to| [&to[..], payload].concat())
}

fn open(folder: &Path) -> Ledger {
    Ledger::resume(folder, "{\"a\":1}", Shard::WHOLE).unwrap()
}

#[test]
fn what_is_read_is_what_was_written() {
    let tally = tally();
    let bytes = carried::to_bytes(&tally);
    let read = carried::from_bytes(&bytes, &tally.shape).unwrap();
    assert_eq!(carried::to_bytes(&read), bytes);
    let (one, other) = (Fold::new(tally.clone()), Fold::new(read));
    assert_eq!((&one.records, &one.series), (&other.records, &other.series));
    assert_eq!(carried::to_bytes(&one.pool), carried::to_bytes(&other.pool));
}

#[test]
fn tallies_that_are_torn_or_of_another_site_are_refused() {
    let tally = tally();
    let bytes = carried::to_bytes(&tally);
    assert!(carried::from_bytes(&bytes[..bytes.len() - 1], &tally.shape).is_none());
    let other = Shape { hosts: Vec::new(), ..tally.shape.clone() };
    assert!(carried::from_bytes(&bytes, &other).is_none());
}

#[test]
fn a_torn_record_is_cut_off_and_the_others_stay() {
    let folder = tempfile::tempdir().unwrap();
    let (path, tally) = (folder.path().join("shard-1-of-1.records"), tally());
    let ledger = open(folder.path());
    for replication in 0..3 {
        ledger.keep(Item::new("a", replication), &tally).unwrap();
    }
    drop(ledger);
    let whole = fs::metadata(&path).unwrap().len();
    let one = (whole - "simulate-records/5 {\"a\":1}\n".len() as u64) / 3;
    for missing in [1, one / 2, one - 1, one, one + 5] {
        let copy = tempfile::tempdir().unwrap();
        let path = copy.path().join("shard-1-of-1.records");
        fs::copy(folder.path().join("shard-1-of-1.records"), &path).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(whole - missing).unwrap();
        let ledger = open(copy.path());
        let left = if missing > one { 1 } else { 2 };
        assert_eq!((ledger.len(), ledger.torn.len()), (left, usize::from(missing != one)));
        ledger.keep(Item::new("a", 2), &tally).unwrap();
        drop(ledger);
        let ledger = open(copy.path());
        assert_eq!((ledger.len(), ledger.torn.len()), (left + 1, 0));
        let read = ledger.read(Item::new("a", 2), &tally.shape).unwrap().unwrap();
        assert_eq!(carried::to_bytes(&read), carried::to_bytes(&tally));
    }
}

#[test]
fn a_damaged_record_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shard-1-of-1.records");
    open(folder.path()).keep(Item::new("a", 0), &tally()).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes).unwrap();
    assert!(open(folder.path()).is_empty());
}

#[test]
fn a_file_that_was_killed_in_its_first_line_is_begun_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shard-1-of-1.records");
    for begun in ["", "simul", "simulate-records/5 {\"a\""] {
        fs::write(&path, begun).unwrap();
        assert!(open(folder.path()).is_empty());
        assert_eq!(fs::read_to_string(&path).unwrap(), "simulate-records/5 {\"a\":1}\n");
    }
}

#[test]
fn what_is_not_ours_is_refused_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shard-1-of-1.records");
    let refused = |text: &str| {
        fs::write(&path, text).unwrap();
        let error = Ledger::resume(folder.path(), "{\"a\":1}", Shard::WHOLE).unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        error.to_string()
    };
    assert!(refused("years of work\n").contains("holds no records"));
    assert!(refused("x").contains("holds no records"));
    assert!(refused("simulate-records/5 {}\n").contains("another experiment"));
    assert!(refused("simulate-records/5 {\"a\":2222}\n").contains("another experiment"));
    assert!(refused("simulate-records/2 {\"a\":1}\n").contains("holds no records"));
    // Torn within its first line, which is longer than ours.
    assert!(refused("simulate-records/5 {\"of another\":\"experim").contains("holds no records"));
}

/// A disk with room for so many bytes.
struct Small {
    bytes: RefCell<Vec<u8>>,
    at: usize,
    room: usize,
}

impl Write for Small {
    fn write(&mut self, given: &[u8]) -> io::Result<usize> {
        let taken = given.len().min(self.room.saturating_sub(self.at));
        if taken == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut bytes = self.bytes.borrow_mut();
        let whole = bytes.len().max(self.at + taken);
        bytes.resize(whole, 0);
        bytes[self.at..self.at + taken].copy_from_slice(&given[..taken]);
        self.at += taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Small {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { panic!("it is told where") };
        self.at = at as usize;
        Ok(at)
    }
}

impl Disk for Small {
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.bytes.borrow_mut().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }
}

/// What a full disk refuses leaves no hole: a record that still fits stands behind the last whole one.
#[test]
fn a_full_disk_loses_no_other_record() {
    let line = b"simulate-records/5 {}\n";
    let disk = Small { bytes: RefCell::new(line.to_vec()), at: 0, room: line.len() + 150 };
    let mut appender = Appender::behind(disk, Path::new("small"), line.len() as u64).unwrap();
    appender.append(record(0, &[1; 20])).unwrap();
    let error = appender.append(record(1, &[2; 50])).unwrap_err();
    assert!(error.to_string().starts_with("`small`: "), "{error}");
    appender.append(record(2, &[3; 30])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shard-1-of-1.records");
    fs::write(&path, appender.disk.bytes.into_inner()).unwrap();
    let found = file::read(&path, Some("{}")).unwrap();
    let items: Vec<Item> = found.records.iter().map(|it| it.0).collect();
    assert_eq!((items, found.torn), (vec![Item::new("a", 0), Item::new("a", 2)], 0));
}

#[test]
fn parts_make_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let tally = tally();
    for number in 1..=2 {
        let shard = Shard { number, of: 2 };
        let ledger = Ledger::resume(folder.path(), "{}", shard).unwrap();
        assert_eq!(ledger.len(), number as usize - 1);
        ledger.keep(Item::new("a", u64::from(number)), &tally).unwrap();
        assert!(matches!(
            Ledger::resume(folder.path(), "{}", shard),
            Err(LedgerError::Locked { .. })
        ));
    }
    let (charter, ledger) = Ledger::gather(&[folder.path().to_owned()]).unwrap();
    assert_eq!((charter.as_str(), ledger.len(), ledger.parts), ("{}", 2, 2));
    let whole = Ledger::resume(folder.path(), "{}", Shard::WHOLE);
    assert!(matches!(whole, Err(LedgerError::OtherParts { .. })));
}

/// Parts that begin at the same time see each other's files before anything is in them.
#[test]
fn a_part_that_has_just_begun_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("shard-2-of-2.records");
    let shard = Shard { number: 1, of: 2 };
    for begun in ["", "simul", "simulate-records/5 {"] {
        fs::write(&other, begun).unwrap();
        let ledger = Ledger::resume(folder.path(), "{}", shard).unwrap();
        assert!(ledger.is_empty());
        drop(ledger);
        let (charter, ledger) = Ledger::gather(&[folder.path().to_owned()]).unwrap();
        assert_eq!((charter.as_str(), ledger.len()), ("{}", 0));
        assert_eq!(fs::read_to_string(&other).unwrap(), begun);
    }
}
