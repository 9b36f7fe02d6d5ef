//! A long list that is cheap to copy: chunks that the copies share until one of them writes.

use std::sync::Arc;

/// 64 KiB of `u32`.
const CHUNK: usize = 16 * 1024;

/// A list of fixed length. A clone costs one count a chunk; the first write to a chunk that others
/// still share copies that chunk.
#[derive(Clone, Debug)]
pub struct Chunked {
    len: u32,
    chunks: Vec<Arc<[u32]>>,
}

impl Chunked {
    /// `len` times the same. The memory is taken as chunks are written.
    pub fn new(len: u32, value: u32) -> Chunked {
        let chunk: Arc<[u32]> = std::iter::repeat_n(value, CHUNK.min(len as usize)).collect();
        Chunked { len, chunks: vec![chunk; (len as usize).div_ceil(CHUNK)] }
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One of them.
    #[inline]
    pub fn get(&self, index: u32) -> u32 {
        self.chunks[index as usize / CHUNK][index as usize % CHUNK]
    }

    /// Writes one of them.
    #[inline]
    pub fn set(&mut self, index: u32, value: u32) {
        Arc::make_mut(&mut self.chunks[index as usize / CHUNK])[index as usize % CHUNK] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_apart_and_share_what_neither_wrote() {
        let mut one = Chunked::new(40_000, 7);
        one.set(3, 1);
        let mut two = one.clone();
        two.set(3, 2);
        two.set(39_999, 9);
        assert_eq!((one.get(3), two.get(3), one.get(39_999), two.get(39_999)), (1, 2, 7, 9));
        assert!(Arc::ptr_eq(&one.chunks[1], &two.chunks[1]));
    }
}
