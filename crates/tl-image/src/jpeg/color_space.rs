//! The colour space of a file, and a row of its components to RGB.

use super::color::convert;
use super::markers::{APP0, APP14, Markers, START_OF_SCAN};

/// What the components of a file mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColorSpace {
    Gray,
    YCbCr,
    Rgb,
    /// Printing colours, inverted as Adobe's programs write them.
    Cmyk,
    /// Printing colours as in [`Cmyk`](Self::Cmyk), three of them as YCbCr.
    Ycck,
}

impl ColorSpace {
    /// The colour space of a file whose components have these names; told as libjpeg tells it, by JFIF's segment, else by
    /// Adobe's, else by the names of the components:
    /// <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jdapimin.c>, `default_decompress_parms`.
    pub(super) fn of(markers: &Markers<'_>, components: &[u8]) -> Self {
        let before = || markers.segments.iter().take_while(|segment| segment.marker != START_OF_SCAN);
        let is_jfif = |content: &[u8]| content.len() >= 14 && content.starts_with(b"JFIF\0");
        let jfif = before().any(|segment| segment.marker == APP0 && is_jfif(segment.content));
        let adobe = before()
            .filter(|segment| segment.marker == APP14)
            .filter_map(|segment| adobe_transform(segment.content))
            .last();
        match (components, adobe) {
            ([_], _) => ColorSpace::Gray,
            ([_, _, _, _], Some(0) | None) => ColorSpace::Cmyk,
            ([_, _, _, _], Some(_)) => ColorSpace::Ycck,
            _ if jfif => ColorSpace::YCbCr,
            (_, Some(0)) => ColorSpace::Rgb,
            (_, Some(_)) => ColorSpace::YCbCr,
            (b"RGB", None) => ColorSpace::Rgb,
            _ => ColorSpace::YCbCr,
        }
    }

    /// A row of samples of each component, all at full resolution, to RGB.
    #[inline(always)]
    pub(super) fn write_row(self, [a, b, c, d]: [&[u8]; 4], out: &mut [u8]) {
        let pixels = a.len().min(out.len() / 3);
        match self {
            ColorSpace::Gray => {
                for (out, &v) in out.as_chunks_mut().0.iter_mut().zip(a) {
                    *out = [v; 3];
                }
            }
            ColorSpace::YCbCr => convert(a, b, c, out),
            ColorSpace::Rgb => {
                let colors = a.iter().zip(b).zip(c).take(pixels);
                for (out, ((&r, &g), &b)) in out.as_chunks_mut().0.iter_mut().zip(colors) {
                    *out = [r, g, b];
                }
            }
            ColorSpace::Cmyk => {
                let inks = a.iter().zip(b).zip(c).take(pixels);
                for (out, ((&c, &m), &y)) in out.as_chunks_mut().0.iter_mut().zip(inks) {
                    *out = [255 - c, 255 - m, 255 - y];
                }
                print_inks(d, out);
            }
            ColorSpace::Ycck => {
                convert(a, b, c, out);
                print_inks(d, out);
            }
        }
    }
}

/// Adobe's segment: <https://www.pdfa.org/wp-content/uploads/2020/07/5116.DCT_Filter.pdf>, section 18.
fn adobe_transform(content: &[u8]) -> Option<u8> {
    content.starts_with(b"Adobe").then(|| content.get(11).copied()).flatten()
}

/// Amounts of cyan, magenta and yellow to RGB, given how much is not black, as Pillow does it:
/// <https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Convert.c>, `cmyk2rgb`.
#[inline(always)]
fn print_inks(not_black: &[u8], out: &mut [u8]) {
    for (out, &white) in out.as_chunks_mut::<3>().0.iter_mut().zip(not_black) {
        *out = out.map(|ink| {
            let product = u32::from(ink) * u32::from(white) + 128;
            white.saturating_sub((((product >> 8) + product) >> 8) as u8)
        });
    }
}
