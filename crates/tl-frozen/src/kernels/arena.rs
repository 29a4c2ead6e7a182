//! The memory of one picture on its way through a plan.

#![allow(unsafe_code, reason = "threads write to different places of one memory")]

/// Floats, aligned to a cache line, made once and used for picture after picture.
#[derive(Debug)]
pub(crate) struct Arena {
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
#[allow(dead_code, reason = "read through a pointer to floats")]
struct Line([f32; 16]);

/// An [`Arena`] in the hands of kernels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory(*mut f32);

// SAFETY: a pointer alone does nothing; kernels that run at the same time write to places of their own, and read what
// none of them writes (`Steps::run`).
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Arena {
    pub(crate) fn new(floats: usize) -> Self {
        Self { lines: vec![Line([0.0; 16]); floats.div_ceil(16)] }
    }

    /// These floats, and zeros up to the end of a cache line.
    pub(crate) fn of(floats: &[f32]) -> Self {
        let (lines, rest) = floats.as_chunks::<16>();
        let mut lines: Vec<Line> = lines.iter().copied().map(Line).collect();
        if !rest.is_empty() {
            lines.push(Line(std::array::from_fn(|i| rest.get(i).copied().unwrap_or(0.0))));
        }
        Self { lines }
    }

    /// Whether it has room for so many floats.
    pub(crate) fn holds(&self, floats: usize) -> bool {
        self.lines.len() * 16 >= floats
    }

    pub(crate) fn floats(&self) -> &[f32] {
        self.lines.as_flattened_floats()
    }

    pub(crate) fn memory(&mut self) -> Memory {
        Memory(self.lines.as_mut_ptr().cast())
    }
}

trait Flattened {
    fn as_flattened_floats(&self) -> &[f32];
}

impl Flattened for Vec<Line> {
    fn as_flattened_floats(&self) -> &[f32] {
        // SAFETY: a line is 16 floats without padding, and lines lie one behind another.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), self.len() * 16) }
    }
}

impl Memory {
    /// # Safety
    /// `offset` is inside the arena, which is alive.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller's.
        unsafe { self.0.add(offset) }
    }

    /// The memory from an offset on.
    ///
    /// # Safety
    /// As of [`at`](Self::at).
    #[inline(always)]
    pub(crate) unsafe fn from(self, offset: usize) -> Self {
        // SAFETY: the caller's.
        Self(unsafe { self.at(offset) })
    }
}
