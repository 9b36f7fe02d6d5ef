//! A digest of all that the program is built from. Builds that bear the same version may measure
//! different things; what one has measured is put together by the same one only.

use std::{env, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo says so");
    let root = Path::new(&root);
    // FNV-1a: told apart are builds of honest people.
    let mut digest: u64 = 0xcbf2_9ce4_8422_2325;
    let mut fold = |bytes: &[u8]| {
        for byte in bytes.iter().chain(&[0]) {
            digest = (digest ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    // A package may come without its lock file.
    for name in ["Cargo.toml", "Cargo.lock"] {
        fold(&fs::read(root.join(name)).unwrap_or_default());
        println!("cargo:rerun-if-changed={name}");
    }
    walk(&root.join("src"), &mut fold);
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rustc-env=SIMULATE_BUILD={digest:016x}");
}

/// All files, in the order of their names.
fn walk(folder: &Path, fold: &mut impl FnMut(&[u8])) {
    let entries = fs::read_dir(folder).expect("the sources are there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("it is there").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, fold);
        } else {
            fold(path.file_name().unwrap_or_default().as_encoded_bytes());
            fold(&fs::read(&path).expect("a source is there"));
        }
    }
}
