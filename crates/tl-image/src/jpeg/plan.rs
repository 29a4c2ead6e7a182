//! The scans of a file: which components and coefficients each of them brings, with which tables. T.81, B.2.3 and G.1.1.
//!
//! Everything is checked here, before memory is taken and before any data are decoded.

use super::layout::{Layout, corrupt};
use super::markers::{
    HUFFMAN_TABLES, Markers, PROGRESSIVE, QUANTISATION_TABLES, RESTART_INTERVAL, START_OF_SCAN, Segment,
    is_frame_header,
};
use super::tables::{HuffmanSpec, QuantTable, Tables};
use crate::{Limits, PictureError};

/// All scans, and the quantisation of each component: the table that was in force when its first scan began.
pub(super) struct Plan<'a> {
    pub(super) scans: Vec<Scan<'a>>,
    pub(super) steps: Vec<QuantTable>,
}

/// A scan: its components and what it brings of each block.
pub(super) struct Scan<'a> {
    /// The scan's number from 1, as messages name it.
    pub(super) number: usize,
    pub(super) members: Vec<ScanComponent<'a>>,
    pub(super) brings: ScanContent,
    /// Units between restarts; 0 without restarts.
    pub(super) restart_interval: usize,
    /// The entropy-coded data.
    pub(super) data: &'a [u8],
}

/// A component in a scan. A table that the scan does not use is empty.
pub(super) struct ScanComponent<'a> {
    pub(super) component: usize,
    pub(super) dc: HuffmanSpec<'a>,
    pub(super) ac: HuffmanSpec<'a>,
}

/// What a scan brings of each block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScanContent {
    /// All coefficients: a sequential picture.
    All,
    /// The DC coefficient but for its `low` last bits.
    FirstDc { low: u32 },
    /// One more bit of the DC coefficient (successive approximation).
    NextDc { low: u32 },
    /// AC coefficients `from` to `to`, in zigzag order, but for their `low` last bits.
    FirstAc { from: usize, to: usize, low: u32 },
    /// One more bit of some AC coefficients (successive approximation).
    NextAc { from: usize, to: usize, low: u32 },
}

/// Blocks that all scans together may visit: five times what the ten usual scans of the largest picture visit, and two seconds.
const MOST_VISITS: u64 = 1 << 26;

impl<'a> Plan<'a> {
    /// Reads the headers of all scans.
    ///
    /// Errors: [`PictureError::Corrupt`] where a table or a component's scan is missing, or scans contradict each other;
    /// [`PictureError::UnsupportedFeature`] where so many scans would take too long.
    pub(super) fn read(
        bytes: &'a [u8],
        markers: &Markers<'a>,
        layout: &Layout,
    ) -> Result<Self, PictureError> {
        let mut reading = Reading {
            layout,
            progressive: markers.frame.marker == PROGRESSIVE,
            tables: Tables::default(),
            steps: vec![None; layout.components.len()],
            known: vec![[None; 64]; layout.components.len()],
            scans: Vec::new(),
            visits: 0,
        };
        let mut framed = false;
        for (segment, next) in markers.segments.iter().zip(markers.segments.iter().skip(1)) {
            let content = segment.content;
            match segment.marker {
                QUANTISATION_TABLES => reading.tables.read_quantisation(content)?,
                HUFFMAN_TABLES => reading.tables.read_huffman(content)?,
                RESTART_INTERVAL => reading.tables.read_restart_interval(content)?,
                START_OF_SCAN if !framed => return Err(corrupt("a scan comes before the frame header")),
                START_OF_SCAN => reading.scan(content, data_between(bytes, segment, next))?,
                marker if is_frame_header(marker) && framed => {
                    return Err(corrupt("it has two frame headers"));
                }
                marker if is_frame_header(marker) => framed = true,
                _ => {}
            }
        }
        reading.finish()
    }

    /// The scan that brings everything; none where there are several.
    pub(super) fn only_scan(&self) -> Option<&Scan<'a>> {
        match self.scans.as_slice() {
            [scan] if scan.brings == ScanContent::All => Some(scan),
            _ => None,
        }
    }

    /// The pixels, and the coefficients where these are kept from scan to scan.
    pub(super) fn check_memory(&self, layout: &Layout, limits: &Limits) -> Result<(), PictureError> {
        let kept = if self.only_scan().is_some() { 0 } else { layout.coefficient_bytes() };
        limits.check_memory(3 * layout.width as u64 * layout.height as u64 + kept)
    }
}

/// Fill bytes before the next marker are left out.
fn data_between<'a>(bytes: &'a [u8], scan: &Segment<'_>, next: &Segment<'_>) -> &'a [u8] {
    let data = bytes.get(scan.place.end..next.place.start).unwrap_or_default();
    let end = data.iter().rposition(|&byte| byte != 0xff).map_or(0, |last| last + 1);
    &data[..end]
}

struct Reading<'a, 'b> {
    layout: &'b Layout,
    progressive: bool,
    tables: Tables<'a>,
    steps: Vec<Option<QuantTable>>,
    /// Number of last bits of each coefficient of each component that are not known yet; none where it is not known at all.
    known: Vec<[Option<u32>; 64]>,
    scans: Vec<Scan<'a>>,
    visits: u64,
}

impl<'a> Reading<'a, '_> {
    fn scan(&mut self, header: &[u8], data: &'a [u8]) -> Result<(), PictureError> {
        let number = self.scans.len() + 1;
        let too_short = || corrupt(format!("the header of scan {number} is too short"));
        let (&count, rest) = header.split_first().ok_or_else(too_short)?;
        let (listed, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or_else(too_short)?;
        let &[from, to, bits, ..] = rest else { return Err(too_short()) };
        let components = self.components(listed.as_chunks::<2>().0, number)?;
        let brings = if self.progressive { progressive(number, from, to, bits)? } else { ScanContent::All };
        if brings.is_ac() && components.len() != 1 {
            return Err(corrupt(format!("scan {number} interleaves AC coefficients of {count} components")));
        }
        let mut members = Vec::with_capacity(components.len());
        for (component, tables) in components {
            self.advance(component, brings, number)?;
            let (dc, ac) = (usize::from(tables >> 4), usize::from(tables & 15));
            let (dc, ac) = (brings.uses_dc_table().then_some(dc), brings.uses_ac_table().then_some(ac));
            let dc = dc.map_or(Ok(&[][..]), |dc| self.tables.dc(dc))?;
            let ac = ac.map_or(Ok(&[][..]), |ac| self.tables.ac(ac))?;
            members.push(ScanComponent { component, dc, ac });
        }
        self.count_visits(&members)?;
        let restart_interval = self.tables.restart_interval;
        self.scans.push(Scan { number, members, brings, restart_interval, data });
        Ok(())
    }

    /// The components of a scan, each with its byte of tables. Where several have the same name, they come in their order.
    fn components(&self, listed: &[[u8; 2]], number: usize) -> Result<Vec<(usize, u8)>, PictureError> {
        let all = &self.layout.components;
        let mut found: Vec<(usize, u8)> = Vec::with_capacity(listed.len());
        for &[id, tables] in listed {
            let free = |index: &usize| all[*index].id == id && found.iter().all(|(taken, _)| taken != index);
            let index = (0..all.len()).find(free).ok_or_else(|| {
                corrupt(format!(
                    "scan {number} names a component {id} that the frame header does not have left"
                ))
            })?;
            found.push((index, tables));
        }
        let blocks: usize = found.iter().map(|&(index, _)| all[index].h * all[index].v).sum();
        match found.len() {
            0 => Err(corrupt(format!("scan {number} has no component"))),
            // T.81, B.2.3.
            2.. if blocks > 10 => {
                Err(corrupt(format!("scan {number} interleaves {blocks} blocks, 10 at most are allowed")))
            }
            _ => Ok(found),
        }
    }

    /// Notes what a scan brings of a component.
    fn advance(&mut self, component: usize, brings: ScanContent, number: usize) -> Result<(), PictureError> {
        let (coefficients, before, after) = brings.bits();
        let again = || {
            let which = if before.is_some() { "bits that do not come next" } else { "what is known already" };
            corrupt(format!("scan {number} brings {which} of component {}", component + 1))
        };
        let known = &mut self.known[component];
        if coefficients.start > 0 && known[0].is_none() {
            return Err(corrupt(format!("scan {number} brings AC before DC coefficients")));
        }
        for bits in &mut known[coefficients] {
            if *bits != before {
                return Err(again());
            }
            *bits = Some(after);
        }
        if self.steps[component].is_none() {
            self.steps[component] = Some(self.tables.steps(self.layout.components[component].quantisation)?);
        }
        Ok(())
    }

    fn count_visits(&mut self, members: &[ScanComponent<'_>]) -> Result<(), PictureError> {
        let blocks = |member: &ScanComponent<'_>| {
            let component = &self.layout.components[member.component];
            (component.stride * component.v * self.layout.units.1) as u64
        };
        self.visits += members.iter().map(blocks).sum::<u64>();
        if self.visits > MOST_VISITS {
            let detail = format!("over {} scans of so many pixels", self.scans.len());
            return Err(PictureError::UnsupportedFeature { detail });
        }
        Ok(())
    }

    /// A component needs its DC coefficients; T.81 does not ask for all bits of the others.
    fn finish(self) -> Result<Plan<'a>, PictureError> {
        let mut steps = Vec::with_capacity(self.steps.len());
        for (number, found) in (1..).zip(self.steps) {
            steps.push(found.ok_or_else(|| corrupt(format!("no scan brings component {number}")))?);
        }
        Ok(Plan { scans: self.scans, steps })
    }
}

/// Spectral selection and successive approximation: T.81, G.1.1.1.
fn progressive(number: usize, from: u8, to: u8, bits: u8) -> Result<ScanContent, PictureError> {
    let (high, low) = (u32::from(bits >> 4), u32::from(bits & 15));
    let (from, to) = (usize::from(from), usize::from(to));
    let consecutive = high == 0 || high == low + 1;
    if to > 63 || from > to || low > 13 || !consecutive || (from == 0 && to > 0) {
        return Err(corrupt(format!(
            "scan {number} brings coefficients {from} to {to}, bits {high} to {low}"
        )));
    }
    Ok(match (from, high) {
        (0, 0) => ScanContent::FirstDc { low },
        (0, _) => ScanContent::NextDc { low },
        (_, 0) => ScanContent::FirstAc { from, to, low },
        _ => ScanContent::NextAc { from, to, low },
    })
}

impl ScanContent {
    fn is_ac(self) -> bool {
        matches!(self, ScanContent::FirstAc { .. } | ScanContent::NextAc { .. })
    }

    fn uses_dc_table(self) -> bool {
        matches!(self, ScanContent::All | ScanContent::FirstDc { .. })
    }

    fn uses_ac_table(self) -> bool {
        self == ScanContent::All || self.is_ac()
    }

    /// The coefficients, how many last bits of them have to be missing before, and how many are missing afterwards.
    fn bits(self) -> (std::ops::Range<usize>, Option<u32>, u32) {
        match self {
            ScanContent::All => (0..64, None, 0),
            ScanContent::FirstDc { low } => (0..1, None, low),
            ScanContent::NextDc { low } => (0..1, Some(low + 1), low),
            ScanContent::FirstAc { from, to, low } => (from..to + 1, None, low),
            ScanContent::NextAc { from, to, low } => (from..to + 1, Some(low + 1), low),
        }
    }
}
