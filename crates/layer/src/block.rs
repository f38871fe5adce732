//! The memory of one member.
//!
//! Invariant: allocated once at the longest length that a member has, and reused; bytes are read straight into it,
//! without being zeroed first each time.

/// A buffer of fixed capacity that is filled from the front.
#[derive(Debug)]
pub(crate) struct Block {
    data: Box<[u8]>,
    filled: usize,
}

impl Block {
    /// An empty buffer.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { data: vec![0; capacity].into(), filled: 0 }
    }

    /// What is in it.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.data[..self.filled]
    }

    /// How much is in it.
    pub(crate) const fn len(&self) -> usize {
        self.filled
    }

    /// Whether nothing is in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.filled == 0
    }

    /// Adds `bytes`, for which there must be room.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.data[self.filled..self.filled + bytes.len()].copy_from_slice(bytes);
        self.filled += bytes.len();
    }

    /// Adds `count` zeros, for which there must be room.
    pub(crate) fn push_zeros(&mut self, count: usize) {
        self.data[self.filled..self.filled + count].fill(0);
        self.filled += count;
    }

    /// The next `count` bytes, to be read into and then counted by [`Block::advance`].
    pub(crate) fn unfilled(&mut self, count: usize) -> &mut [u8] {
        &mut self.data[self.filled..self.filled + count]
    }

    /// Counts `count` bytes as filled.
    pub(crate) fn advance(&mut self, count: usize) {
        self.filled += count;
        debug_assert!(self.filled <= self.data.len(), "more than there is room for");
    }

    /// Empties it.
    pub(crate) const fn clear(&mut self) {
        self.filled = 0;
    }
}
