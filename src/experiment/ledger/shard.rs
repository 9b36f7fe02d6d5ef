//! A part of an experiment's work.

use std::{fmt, path::Path, str::FromStr};

/// Part `number` (from 1) of `of`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All of it.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// Whether the work at this place of a list belongs to it: one after the other in turn, as
    /// neighbours cost alike.
    pub fn has(self, place: u64) -> bool {
        place % u64::from(self.of) == u64::from(self.number) - 1
    }

    pub(super) fn file_name(self) -> String {
        format!("shard-{}-of-{}.records", self.number, self.of)
    }

    pub(super) fn of_file(path: &Path) -> Option<Shard> {
        let name = path.file_name()?.to_str()?;
        let middle = name.strip_prefix("shard-")?.strip_suffix(".records")?;
        let (number, of) = middle.split_once("-of-")?;
        format!("{number}/{of}").parse().ok()
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parsed = text.split_once('/').and_then(|(number, of)| {
            Some(Shard { number: number.parse().ok()?, of: of.parse().ok()? })
        });
        match parsed {
            Some(shard) if shard.number >= 1 && shard.number <= shard.of && shard.of <= 100_000 => {
                Ok(shard)
            }
            Some(_) => Err("parts are numbered from 1, as in `1/4` to `4/4`".to_owned()),
            None => Err("as in `2/4`: the second of four parts".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_belongs_to_one_part() {
        for of in 1..8 {
            for place in 0..50 {
                let owners = (1..=of).filter(|&number| Shard { number, of }.has(place));
                assert_eq!(owners.count(), 1);
            }
        }
    }

    #[test]
    fn names_of_parts() {
        assert_eq!("2/4".parse(), Ok(Shard { number: 2, of: 4 }));
        for wrong in ["0/4", "5/4", "4", "a/b", "1/0", ""] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
        let shard = Shard { number: 2, of: 4 };
        assert_eq!(Shard::of_file(Path::new("a/shard-2-of-4.records")), Some(shard));
        assert_eq!(Shard::of_file(Path::new("shard-9-of-4.records")), None);
    }
}
