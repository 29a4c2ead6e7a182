//! Decoding whatever structure the standard allows: several scans, any sampling factors, progressive pictures, printing
//! colours. Slower than the [`baseline`](super::baseline) decoder, to the same bits, and the one that names what is wrong.

use image::RgbImage;

use super::bit_reader::RestartIntervals;
use super::blocks::Blocks;
use super::canvas::Canvas;
use super::entropy::EntropyDecoder;
use super::huffman::Huffman;
use super::layout::{Layout, corrupt};
use super::markers::Markers;
use super::plan::{Plan, Scan};
use super::tables::HuffmanTables;
use crate::{Limits, PictureError};

/// Checks the structure and what it costs, without decoding anything.
pub(super) fn check(bytes: &[u8], markers: &Markers<'_>, limits: &Limits) -> Result<(), PictureError> {
    let layout = Layout::read(markers)?;
    Plan::read(bytes, markers, &layout)?.check_memory(&layout, limits)
}

/// Decodes the whole picture.
///
/// Errors: [`PictureError::Corrupt`] says in which scan and where; [`PictureError::TooMuchMemory`].
pub(super) fn decode(bytes: &[u8], markers: &Markers<'_>, limits: &Limits) -> Result<RgbImage, PictureError> {
    let layout = Layout::read(markers)?;
    let plan = Plan::read(bytes, markers, &layout)?;
    plan.check_memory(&layout, limits)?;
    match plan.only_scan() {
        Some(scan) => decode_row_by_row(&layout, &plan, scan),
        None => decode_buffered(&layout, &plan),
    }
}

/// All at once: each row of units is drawn as soon as it is read.
fn decode_row_by_row(layout: &Layout, plan: &Plan<'_>, scan: &Scan<'_>) -> Result<RgbImage, PictureError> {
    let mut coefficients = Blocks::of(layout, 1);
    let mut canvas = Canvas::new(layout, &plan.steps)?;
    let mut built = HuffmanTables::default();
    let intervals = intervals(scan)?;
    let mut reader = Reader::new(layout, scan, &mut built, &intervals)?;
    for row in 0..layout.units.1 {
        coefficients.iter_mut().for_each(|blocks| blocks.clear(row));
        reader.row(row, &mut coefficients)?;
        canvas.draw(row, &coefficients);
    }
    Ok(canvas.finish())
}

/// Decodes a picture of several scans: coefficients are kept until the last one is read.
fn decode_buffered(layout: &Layout, plan: &Plan<'_>) -> Result<RgbImage, PictureError> {
    let mut coefficients = Blocks::of(layout, layout.units.1);
    let mut built = HuffmanTables::default();
    for scan in &plan.scans {
        let intervals = intervals(scan)?;
        let mut reader = Reader::new(layout, scan, &mut built, &intervals)?;
        for row in 0..reader.units.1 {
            reader.row(row, &mut coefficients)?;
        }
    }
    let mut canvas = Canvas::new(layout, &plan.steps)?;
    (0..layout.units.1).for_each(|row| canvas.draw(row, &coefficients));
    Ok(canvas.finish())
}

fn intervals(scan: &Scan<'_>) -> Result<RestartIntervals, PictureError> {
    let intervals = RestartIntervals::of(scan.data);
    intervals.ok_or_else(|| corrupt(format!("the restart markers of scan {} are out of order", scan.number)))
}

/// Reads a scan row by row.
struct Reader<'a> {
    scan: &'a Scan<'a>,
    members: Vec<MemberReader<'a>>,
    /// Units in a row, and rows: blocks, where a component comes alone.
    units: (usize, usize),
    entropy: EntropyDecoder<'a>,
}

struct MemberReader<'a> {
    component: usize,
    /// Blocks in a unit, in each direction.
    h: usize,
    v: usize,
    dc: Option<&'a Huffman>,
    ac: Option<&'a Huffman>,
}

impl<'a> Reader<'a> {
    fn new<'b>(
        layout: &Layout,
        scan: &'a Scan<'b>,
        built: &'a mut HuffmanTables<'b>,
        intervals: &'a RestartIntervals,
    ) -> Result<Self, PictureError> {
        built.make_room();
        for member in &scan.members {
            built.add(member.dc)?;
            built.add(member.ac)?;
        }
        let built: &'a HuffmanTables<'b> = built;
        let alone = scan.members.len() == 1;
        let mut units = layout.units;
        let mut members = Vec::with_capacity(scan.members.len());
        for member in &scan.members {
            let component = &layout.components[member.component];
            if alone {
                units = component.blocks;
            }
            let (h, v) = if alone { (1, 1) } else { (component.h, component.v) };
            let (dc, ac) = (built.get(member.dc), built.get(member.ac));
            members.push(MemberReader { component: member.component, h, v, dc, ac });
        }
        let entropy = EntropyDecoder::new(intervals, scan.restart_interval, units.0 * units.1);
        let entropy = entropy.ok_or_else(|| {
            corrupt(format!(
                "scan {} has {} restart intervals, which is not what its header says",
                scan.number,
                intervals.len()
            ))
        })?;
        Ok(Reader { scan, members, units, entropy })
    }

    /// Reads a row of units into the coefficients.
    fn row(&mut self, row: usize, coefficients: &mut [Blocks]) -> Result<(), PictureError> {
        for column in 0..self.units.0 {
            let read = self.unit(column, row, coefficients);
            if read.is_none() || self.entropy.overran() {
                return Err(self.damaged(row * self.units.0 + column));
            }
        }
        Ok(())
    }

    fn unit(&mut self, column: usize, row: usize, coefficients: &mut [Blocks]) -> Option<()> {
        self.entropy.begin_unit()?;
        for (number, member) in self.members.iter().enumerate() {
            let blocks = coefficients.get_mut(member.component)?;
            for y in 0..member.v {
                for x in 0..member.h {
                    let block = blocks.get_mut(column * member.h + x, row * member.v + y)?;
                    self.entropy.block(self.scan.brings, number, member.dc, member.ac, block)?;
                }
            }
        }
        Some(())
    }

    #[cold]
    fn damaged(&self, unit: usize) -> PictureError {
        let (number, all) = (self.scan.number, self.units.0 * self.units.1);
        corrupt(match self.entropy.overran() {
            true => format!("the data of scan {number} end after {unit} of {all} units"),
            false => format!("scan {number} makes no sense after {unit} of {all} units"),
        })
    }
}
