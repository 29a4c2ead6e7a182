//! What a baseline scan needs from the segments before it: tables, sampling, where its data lie.

use super::huffman::Huffman;
use super::markers::{
    APP14, BASELINE, EXTENDED, Frame, HUFFMAN_TABLES, Markers, QUANTISATION_TABLES, RESTART_INTERVAL,
    START_OF_SCAN,
};

/// A gray or YCbCr picture of 8 bits in one sequential scan: most JPEG files there are.
pub(super) struct Scan<'a> {
    pub(super) width: usize,
    pub(super) height: usize,
    /// The components of the scan, one or three.
    pub(super) components: Vec<Component>,
    /// Units between restarts; 0 without restarts.
    pub(super) restart_interval: usize,
    /// The entropy-coded data.
    pub(super) data: &'a [u8],
    tables: Tables,
}

/// Gray, luma or one chroma.
#[derive(Clone, Copy)]
pub(super) struct Component {
    /// Blocks of a unit, in each direction: 1 or 2 for luma, 1 for chroma.
    pub(super) h: usize,
    pub(super) v: usize,
    id: u8,
    quantisation: usize,
    dc: usize,
    ac: usize,
}

#[derive(Default)]
struct Tables {
    /// The quantisation tables, in zigzag order.
    quantisation: [Option<[u16; 64]>; 4],
    /// DC tables, then AC tables.
    huffman: [[Option<Box<Huffman>>; 4]; 2],
    /// Huffman tables that were built, redefined ones too.
    built: usize,
}

/// A picture uses 8 at most. More are not worth building.
const MOST_TABLES: usize = 32;

impl<'a> Scan<'a> {
    /// `None` for any other kind of JPEG, and where anything is unusual.
    pub(super) fn read(bytes: &'a [u8], markers: &Markers<'a>) -> Option<Self> {
        let [before @ .., scan, end] = markers.segments.as_slice() else { return None };
        if scan.marker != START_OF_SCAN || !matches!(markers.frame.marker, BASELINE | EXTENDED) {
            return None;
        }
        let (mut tables, mut components, mut restart_interval) = (Tables::default(), None, 0);
        for segment in before {
            match segment.marker {
                QUANTISATION_TABLES => tables.read_quantisation(segment.content)?,
                HUFFMAN_TABLES => tables.read_huffman(segment.content)?,
                RESTART_INTERVAL => restart_interval = u16_be(segment.content)?.into(),
                marker if marker == markers.frame.marker && components.is_none() => {
                    components = Some(read_components(segment.content)?);
                }
                0xc0..=0xcf | 0xd8 | START_OF_SCAN => return None,
                APP14 if is_adobe_rgb(segment.content) => return None,
                _ => {}
            }
        }
        let mut components = components?;
        choose_tables(&mut components, scan.content)?;
        let Frame { width, height, .. } = markers.frame;
        let (width, height) = (width as usize, height as usize);
        let data = bytes.get(scan.place.end..end.place.start)?;
        let scan = Scan { width, height, components, restart_interval, data, tables };
        scan.is_whole().then_some(scan)
    }

    fn is_whole(&self) -> bool {
        self.components.iter().all(|component| {
            self.quantisation(component).is_some() && self.dc(component).zip(self.ac(component)).is_some()
        })
    }

    /// The quantisation table of a component, in zigzag order.
    pub(super) fn quantisation(&self, component: &Component) -> Option<&[u16; 64]> {
        self.tables.quantisation.get(component.quantisation)?.as_ref()
    }

    pub(super) fn dc(&self, component: &Component) -> Option<&Huffman> {
        self.tables.huffman[0].get(component.dc)?.as_deref()
    }

    pub(super) fn ac(&self, component: &Component) -> Option<&Huffman> {
        self.tables.huffman[1].get(component.ac)?.as_deref()
    }
}

impl Tables {
    fn read_quantisation(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&first, rest)) = content.split_first() {
            let (wide, index) = (first >> 4 != 0, usize::from(first & 15));
            let table = self.quantisation.get_mut(index)?.insert([0; 64]);
            let (values, rest) = rest.split_at_checked(if wide { 128 } else { 64 })?;
            for (i, step) in table.iter_mut().enumerate() {
                *step = if wide { u16_be(values.get(2 * i..)?)? } else { u16::from(*values.get(i)?) };
            }
            content = rest;
        }
        Some(())
    }

    fn read_huffman(&mut self, mut content: &[u8]) -> Option<()> {
        while let Some((&first, rest)) = content.split_first() {
            let (class, index) = (usize::from(first >> 4), usize::from(first & 15));
            let (counts, rest) = rest.split_first_chunk::<16>()?;
            let symbols = counts.iter().map(|&count| usize::from(count)).sum();
            let (symbols, rest) = rest.split_at_checked(symbols)?;
            let slot = self.huffman.get_mut(class)?.get_mut(index)?;
            self.built += 1;
            if self.built > MOST_TABLES {
                return None;
            }
            *slot = Some(Box::new(Huffman::new(counts, symbols)?));
            content = rest;
        }
        Some(())
    }
}

/// 8 bits a sample; one component, or luma with one chroma sample for each 1 x 1, 2 x 1, 1 x 2 or 2 x 2 of luma.
fn read_components(content: &[u8]) -> Option<Vec<Component>> {
    let (&[precision, _, _, _, _, count], listed) = content.split_first_chunk()?;
    let (listed, rest) = listed.as_chunks::<3>();
    if precision != 8 || listed.len() != usize::from(count) || !rest.is_empty() {
        return None;
    }
    let read = |&[id, sampling, quantisation]: &[u8; 3]| {
        let (h, v) = (usize::from(sampling >> 4), usize::from(sampling & 15));
        Component { h, v, id, quantisation: usize::from(quantisation), dc: 0, ac: 0 }
    };
    let mut components: Vec<Component> = listed.iter().map(read).collect();
    match components.as_mut_slice() {
        // A scan of one component is not interleaved: its sampling does not matter.
        [gray] => (gray.h, gray.v) = (1, 1),
        [y, cb, cr] => {
            let usual = matches!((y.h, y.v), (1 | 2, 1 | 2)) && [cb.h, cb.v, cr.h, cr.v] == [1; 4];
            let named_rgb = [y.id, cb.id, cr.id] == *b"RGB";
            if !usual || named_rgb {
                return None;
            }
        }
        _ => return None,
    }
    Some(components)
}

/// The scan header: T.81 B.2.3. All components, in their order, all coefficients at once.
fn choose_tables(components: &mut [Component], content: &[u8]) -> Option<()> {
    let (&count, rest) = content.split_first()?;
    let (listed, rest) = rest.split_at_checked(2 * usize::from(count))?;
    if usize::from(count) != components.len() || rest != [0, 63, 0] {
        return None;
    }
    for (component, &[id, tables]) in components.iter_mut().zip(listed.as_chunks::<2>().0) {
        if id != component.id {
            return None;
        }
        (component.dc, component.ac) = (usize::from(tables >> 4), usize::from(tables & 15));
    }
    Some(())
}

/// Adobe's segment with transform 0 says that three components are RGB:
/// <https://www.pdfa.org/wp-content/uploads/2020/07/5116.DCT_Filter.pdf>, section 18.
fn is_adobe_rgb(content: &[u8]) -> bool {
    content.starts_with(b"Adobe") && content.get(11) == Some(&0)
}

fn u16_be(bytes: &[u8]) -> Option<u16> {
    bytes.first_chunk().map(|&two| u16::from_be_bytes(two))
}
