//! A disk that is full, as a limit on the size of files makes it: what is finished is kept.
#![cfg(unix)]

use crate::{desk, same};
use assert_cmd::cargo::cargo_bin;
use std::{fs, process::Command};

#[test]
fn a_full_disk_is_told_and_what_is_finished_is_kept() {
    let desk = desk();
    let line = "queue.toml --vary customers.arrivals.poisson=20/s..90/s:5/s --quiet";
    desk.run(&format!("sweep {line} --out plain")).expect(0, &[]);
    let whole = fs::metadata(desk.file("plain/shard-1-of-1.records")).unwrap().len();
    // Blocks of 512 bytes (of 1,024 in some shells): room for some of the records.
    let script = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", whole / 4 / 512);
    let limited = Command::new("sh")
        .current_dir(desk.path())
        .args(["-c", &script])
        .arg(cargo_bin!("simulate"))
        .args(format!("sweep {line} --out full").split_whitespace())
        .output()
        .unwrap();
    let said = String::from_utf8(limited.stderr).unwrap();
    assert_eq!(limited.status.code(), Some(2), "{said}");
    for words in
        ["finished replications are not kept", "File too large", "the same command goes on"]
    {
        assert!(said.contains(words), "{said}");
    }
    let kept = fs::metadata(desk.file("full/shard-1-of-1.records")).unwrap().len();
    assert!(kept > whole / 10 && kept < whole, "{kept} of {whole}");
    let again = desk.run(&format!("sweep {line} --out full").replace("--quiet", "")).expect(0, &[]);
    assert!(again.talk.contains("replications are done already"), "{}", again.talk);
    // What did not fit was cut off at once.
    assert!(!again.talk.contains("torn"), "{}", again.talk);
    same(&desk, "plain", "full");
}
