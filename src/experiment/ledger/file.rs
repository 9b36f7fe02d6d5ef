//! A file of records: a line that says what they belong to, then length, item, payload, checksum of
//! each.

use super::Item;
use crate::engine::digest::Digest;
use std::{
    fmt,
    fs::{File, OpenOptions, TryLockError},
    io::{self, BufReader, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// The first line begins so; what follows is the charter.
const MAGIC: &str = "simulate-records/5 ";
/// A line that is longer is none of ours.
const CHARTER_MAX: u64 = 64 << 20;
/// Length of the payload, item.
const HEAD: usize = 4 + 24;
/// Checksum.
const TAIL: usize = 16;
/// No tally of any site is larger.
const PAYLOAD_MAX: u32 = 1 << 30;
/// As large as most records are, so that few are moved while they grow.
const USUAL: usize = 1 << 15;
/// Whoever loses power loses no more than this.
const SYNC_EVERY: Duration = Duration::from_secs(1);

/// Where a payload stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) file: u32,
    pub(super) offset: u64,
    pub(super) len: u32,
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Opened {
    /// Empty: its first line is not whole.
    pub(super) charter: String,
    pub(super) records: Vec<(Item, Place)>,
    /// Bytes that are no whole record.
    pub(super) torn: u64,
    /// Where the last whole record ends.
    end: u64,
}

/// Why records cannot be used.
#[derive(Debug)]
pub enum LedgerError {
    /// The system refused.
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no file of records.
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Records of something else.
    OtherExperiment {
        /// The file.
        path: PathBuf,
        /// Of which experiment it is.
        theirs: String,
        /// Which is wanted.
        ours: String,
        /// A file that has those.
        beside: Option<PathBuf>,
    },
    /// The same work, cut into another number of parts.
    OtherParts {
        /// The file.
        path: PathBuf,
        /// How many parts are wanted.
        of: u32,
    },
    /// Another process writes it.
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// Nothing is there.
    NoRecords {
        /// The folder.
        folder: PathBuf,
    },
}

impl LedgerError {
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> LedgerError + '_ {
        move |error| LedgerError::Io { path: path.to_owned(), error }
    }

    pub(super) fn beside(self, first: &Path) -> LedgerError {
        match self {
            LedgerError::OtherExperiment { path, theirs, ours, .. } => {
                let beside = Some(first.to_owned());
                LedgerError::OtherExperiment { path, theirs, ours, beside }
            }
            other => other,
        }
    }
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LedgerError::Io { path, error } => write!(f, "`{}`: {error}", path.display()),
            LedgerError::Foreign { path } => {
                write!(f, "`{}` holds no records of this version of `simulate`", path.display())
            }
            LedgerError::OtherExperiment { path, beside: None, .. } => {
                write!(f, "`{}` holds records of another experiment", path.display())
            }
            LedgerError::OtherExperiment { path, beside: Some(first), .. } => write!(
                f,
                "`{}` is of another experiment than `{}`",
                path.display(),
                first.display()
            ),
            LedgerError::OtherParts { path, of } => write!(
                f,
                "`{}` is part of another division of the work than into {of}",
                path.display()
            ),
            LedgerError::Locked { path } => {
                write!(f, "another process is writing `{}`", path.display())
            }
            LedgerError::NoRecords { folder } => {
                write!(f, "`{}` holds no records", folder.display())
            }
        }
    }
}

impl std::error::Error for LedgerError {}

/// Whether a file of this name is one of ours.
pub fn is_records(name: &str) -> bool {
    super::Shard::of_file(Path::new(name)).is_some()
}

fn checksum(head: &[u8], payload: &[u8]) -> [u8; TAIL] {
    let mut digest = Digest::new();
    digest.fold_bytes(head);
    digest.fold_bytes(payload);
    let [high, low] = digest.words();
    let mut bytes = [0; TAIL];
    bytes[..8].copy_from_slice(&high.to_le_bytes());
    bytes[8..].copy_from_slice(&low.to_le_bytes());
    bytes
}

fn head(item: Item, len: u32) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..4].copy_from_slice(&len.to_le_bytes());
    let words = [item.variant[0], item.variant[1], item.replication];
    for (place, word) in head[4..].chunks_exact_mut(8).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    head
}

/// A record as it stands in a file.
#[derive(Debug)]
pub(super) struct Record(Vec<u8>);

impl Record {
    /// Of the payload that `append` puts behind what is there; in the place of one that was written.
    pub(super) fn new(
        item: Item,
        written: Option<Record>,
        append: impl FnOnce(Vec<u8>) -> Vec<u8>,
    ) -> Record {
        let mut begun = written.map_or_else(|| Vec::with_capacity(USUAL), |it| it.0);
        begun.clear();
        begun.resize(HEAD, 0);
        let mut bytes = append(begun);
        let len = u32::try_from(bytes.len() - HEAD).expect("a tally of less than 4 GiB");
        let head = head(item, len);
        bytes[..HEAD].copy_from_slice(&head);
        let tail = checksum(&head, &bytes[HEAD..]);
        bytes.extend(tail);
        Record(bytes)
    }
}

fn item_of(head: &[u8; HEAD]) -> (u32, Item) {
    let word = |at: usize| u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"));
    let len = u32::from_le_bytes(head[..4].try_into().expect("four bytes"));
    (len, Item { variant: [word(4), word(12)], replication: word(20) })
}

/// Reads a file of records. `wanted`: the charter that it must have.
pub(super) fn read(path: &Path, wanted: Option<&str>) -> Result<Opened, LedgerError> {
    let file = File::open(path).map_err(LedgerError::at(path))?;
    if let Some(opened) = scan(&file, path, wanted)? {
        return Ok(opened);
    }
    // Just begun by another process, or killed within its first line: nothing is in it.
    let torn = file.metadata().map_err(LedgerError::at(path))?.len();
    let charter = wanted.unwrap_or_default().to_owned();
    Ok(Opened { charter, records: Vec::new(), torn, end: 0 })
}

/// What a file of records belongs to. `None`: its first line is not whole.
pub(super) fn charter_of(path: &Path) -> Result<Option<String>, LedgerError> {
    let file = File::open(path).map_err(LedgerError::at(path))?;
    charter(&mut BufReader::new(file), path)
}

/// `None`: the first line is not whole.
fn scan(file: &File, path: &Path, wanted: Option<&str>) -> Result<Option<Opened>, LedgerError> {
    let at = LedgerError::at;
    let size = file.metadata().map_err(at(path))?.len();
    let mut from = BufReader::with_capacity(1 << 16, file);
    let Some(charter) = charter(&mut from, path)? else { return Ok(None) };
    if let Some(wanted) = wanted
        && wanted != charter
    {
        return Err(LedgerError::OtherExperiment {
            path: path.to_owned(),
            theirs: charter,
            ours: wanted.to_owned(),
            beside: None,
        });
    }
    let mut end = (MAGIC.len() + charter.len() + 1) as u64;
    let mut records = Vec::new();
    let mut payload = Vec::new();
    loop {
        let (mut before, mut tail) = ([0; HEAD], [0; TAIL]);
        if !fill(&mut from, &mut before).map_err(at(path))? {
            break;
        }
        let (len, item) = item_of(&before);
        if len > PAYLOAD_MAX || end + (HEAD + TAIL) as u64 + u64::from(len) > size {
            break;
        }
        payload.resize(len as usize, 0);
        let is_whole = fill(&mut from, &mut payload).map_err(at(path))?
            && fill(&mut from, &mut tail).map_err(at(path))?
            && tail == checksum(&before, &payload);
        if !is_whole {
            break;
        }
        records.push((item, Place { file: 0, offset: end + HEAD as u64, len }));
        end += (HEAD + TAIL) as u64 + u64::from(len);
    }
    // It may grow while it is read.
    Ok(Some(Opened { charter, records, torn: size.saturating_sub(end), end }))
}

/// The first line without its beginning. `None`: it is not whole.
fn charter(from: &mut impl Read, path: &Path) -> Result<Option<String>, LedgerError> {
    let foreign = || LedgerError::Foreign { path: path.to_owned() };
    let mut line = Vec::new();
    let mut bytes = [0; 1];
    while fill(from, &mut bytes).map_err(LedgerError::at(path))? {
        if bytes[0] == b'\n' {
            let text = String::from_utf8(line).map_err(|_| foreign())?;
            let charter = text.strip_prefix(MAGIC).map(str::to_owned);
            return charter.map(Some).ok_or_else(foreign);
        }
        line.push(bytes[0]);
        let is_ours = MAGIC.as_bytes().starts_with(&line[..line.len().min(MAGIC.len())]);
        if !is_ours || line.len() as u64 > CHARTER_MAX {
            return Err(foreign());
        }
    }
    Ok(None)
}

/// Fills the whole buffer. `false`: the file ends before.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match from.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// What a record holds.
pub(super) fn payload(path: &Path, place: Place) -> Result<Vec<u8>, LedgerError> {
    let mut bytes = vec![0; place.len as usize];
    let mut read = || {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(place.offset))?;
        file.read_exact(&mut bytes)
    };
    read().map_err(LedgerError::at(path))?;
    Ok(bytes)
}

/// Where records are written: a file, or what a test makes of one.
pub(super) trait Disk: Write + Seek {
    /// Makes it this long.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Sees to it that all of it outlives the machine.
    fn sync_data(&self) -> io::Result<()>;
}

impl Disk for File {
    fn set_len(&self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }

    fn sync_data(&self) -> io::Result<()> {
        File::sync_data(self)
    }
}

/// Appends records to a file that nobody else writes.
#[derive(Debug)]
pub(super) struct Appender<D = File> {
    pub(super) disk: D,
    path: PathBuf,
    end: u64,
    synced: Instant,
    /// Whose place the next may take.
    pub(super) written: Option<Record>,
}

impl Appender {
    /// Opens a file to go on behind its last whole record, or begins one.
    pub(super) fn open(path: &Path, charter: &str) -> Result<(Appender, Opened), LedgerError> {
        let at = LedgerError::at;
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(at(path))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(LedgerError::Locked { path: path.to_owned() });
            }
            // Some file systems have no locks; then nobody guards against two at once.
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        let opened = match scan(&file, path, Some(charter))? {
            Some(opened) => opened,
            None => begin(&mut file, path, charter)?,
        };
        file.set_len(opened.end).map_err(at(path))?;
        Ok((Appender::behind(file, path, opened.end).map_err(at(path))?, opened))
    }
}

/// Begins a file that is empty, or was killed within this very line. The torn line of another
/// experiment is refused, as its whole one is.
fn begin(file: &mut File, path: &Path, charter: &str) -> Result<Opened, LedgerError> {
    let at = LedgerError::at;
    let line = format!("{MAGIC}{charter}\n");
    let mut begun = Vec::new();
    file.seek(SeekFrom::Start(0)).map_err(at(path))?;
    file.read_to_end(&mut begun).map_err(at(path))?;
    if !line.as_bytes().starts_with(&begun) {
        return Err(LedgerError::Foreign { path: path.to_owned() });
    }
    file.set_len(0).map_err(at(path))?;
    file.seek(SeekFrom::Start(0)).map_err(at(path))?;
    file.write_all(line.as_bytes()).map_err(at(path))?;
    let end = line.len() as u64;
    Ok(Opened { charter: charter.to_owned(), records: Vec::new(), torn: 0, end })
}

impl<D: Disk> Appender<D> {
    /// Goes on where the last whole record ends.
    pub(super) fn behind(mut disk: D, path: &Path, end: u64) -> io::Result<Appender<D>> {
        disk.seek(SeekFrom::Start(end))?;
        Ok(Appender { disk, path: path.to_owned(), end, synced: now(), written: None })
    }

    pub(super) fn append(&mut self, record: Record) -> Result<(), LedgerError> {
        if let Err(error) = self.disk.write_all(&record.0) {
            // A full disk: what there is of the record is cut off, so that the next one, of another
            // thread, stands behind the last whole one.
            let _ = self.disk.set_len(self.end);
            let _ = self.disk.seek(SeekFrom::Start(self.end));
            return Err(LedgerError::Io { path: self.path.clone(), error });
        }
        self.end += record.0.len() as u64;
        self.written = Some(record);
        if self.synced.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), LedgerError> {
        self.synced = now();
        self.disk.sync_data().map_err(LedgerError::at(&self.path))
    }
}

#[expect(clippy::disallowed_methods, reason = "when to sync, which reaches no result")]
fn now() -> Instant {
    Instant::now()
}
