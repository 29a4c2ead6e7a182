//! Memory that several threads fill.

#![allow(unsafe_code, reason = "memory that nobody has written yet")]

use rayon::prelude::*;
use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Floats that several threads write at once, each other ones, and that may not have been written yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared<'a> {
    first: *mut f32,
    len: usize,
    lives: PhantomData<&'a mut [f32]>,
}

// SAFETY: a pointer and a length; whoever writes through it says why nobody else does.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    pub(crate) fn of(values: &'a mut [f32]) -> Self {
        Self { first: values.as_mut_ptr(), len: values.len(), lives: PhantomData }
    }

    /// The float with this number.
    ///
    /// # Panics
    /// If there is none.
    #[inline(always)]
    pub(crate) fn at(self, number: usize) -> *mut f32 {
        assert!(number < self.len, "a kernel writes behind its memory");
        self.first.wrapping_add(number)
    }
}

/// As many floats, all of which `fill` writes.
///
/// # Safety
/// It does.
pub(crate) unsafe fn filled(len: usize, fill: impl FnOnce(Shared<'_>)) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::with_capacity(len);
    fill(Shared { first: values.as_mut_ptr(), len, lives: PhantomData });
    // SAFETY: the vector has room for them, and the caller says that they are written.
    unsafe { values.set_len(len) };
    values
}

/// As many floats, all of which `fill` writes.
///
/// # Safety
/// It does.
pub(crate) unsafe fn written(len: usize, fill: impl FnOnce(&mut [MaybeUninit<f32>])) -> Vec<f32> {
    let mut values: Vec<f32> = Vec::with_capacity(len);
    fill(&mut values.spare_capacity_mut()[..len]);
    // SAFETY: as of `filled`.
    unsafe { values.set_len(len) };
    values
}

/// So many floats, of which `fill` gets pieces of this size by their numbers, all zeros. Each thread clears what it fills: one
/// thread would take longer for that than all for the rest.
pub(crate) fn pieces(len: usize, size: usize, fill: impl Fn(usize, &mut [f32]) + Sync) -> Vec<f32> {
    let all = |values: &mut [MaybeUninit<f32>]| {
        values.par_chunks_mut(size.max(1)).enumerate().for_each(|(number, piece)| {
            piece.iter_mut().for_each(|value| _ = value.write(0.0));
            // SAFETY: all have just been written.
            fill(number, unsafe { &mut *(std::ptr::from_mut(piece) as *mut [f32]) });
        });
    };
    // SAFETY: the pieces are all there is, and are written.
    unsafe { written(len, all) }
}
