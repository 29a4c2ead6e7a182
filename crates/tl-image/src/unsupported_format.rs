//! The table of formats that people have and this program does not read, and of the commands that convert them.

/// A format of pictures, or of what pictures can be made of, that is not read.
#[derive(Debug, PartialEq, Eq)]
pub struct UnsupportedFormat {
    /// The format's name.
    pub name: &'static str,
    /// Endings of names, in small letters.
    pub endings: &'static [&'static str],
    /// The command that makes a picture of it; `IN` is the file, `OUT` the result's name before its ending.
    pub(crate) convert: &'static str,
    /// Has some file of it no signature? Then the ending counts.
    pub(crate) without_signature: bool,
    /// Whether it is a format of still pictures. Others are expected beside pictures, in tar files for example.
    pub(crate) still: bool,
}

const MAGICK: &str = "magick IN OUT.png";
const GHOSTSCRIPT: &str = "gs -dSAFER -dEPSCrop -sDEVICE=png16m -r200 -o OUT.png IN";
const FFMPEG: &str = "ffmpeg -i IN -vf fps=1 OUT-%04d.jpg";

const fn still(
    name: &'static str,
    endings: &'static [&'static str],
    convert: &'static str,
) -> UnsupportedFormat {
    UnsupportedFormat { name, endings, convert, without_signature: false, still: true }
}

const fn unsigned(
    name: &'static str,
    endings: &'static [&'static str],
    convert: &'static str,
) -> UnsupportedFormat {
    UnsupportedFormat { without_signature: true, ..still(name, endings, convert) }
}

const fn video(name: &'static str, endings: &'static [&'static str]) -> UnsupportedFormat {
    UnsupportedFormat { still: false, ..still(name, endings, FFMPEG) }
}

pub(crate) const FORMATS: &[UnsupportedFormat] = &[
    still("HEIC", &["heic", "heif", "hif", "heics", "heifs"], "heif-convert IN OUT.png"),
    still("AVIF", &["avif", "avifs"], "avifdec IN OUT.png"),
    still("JPEG XL", &["jxl"], "djxl IN OUT.png"),
    still("JPEG 2000", &["jp2", "j2k", "jpf", "jpx", "j2c", "jpc"], "opj_decompress -i IN -o OUT.png"),
    still("JPEG XR", &["jxr", "wdp", "hdp"], "JxrDecApp -i IN -o OUT.tif"),
    unsigned(
        "RAW",
        &[
            "cr2", "cr3", "crw", "nef", "nrw", "arw", "srf", "sr2", "dng", "orf", "rw2", "raf", "pef", "srw",
            "x3f", "mrw", "iiq", "3fr", "fff", "erf", "kdc", "dcr", "mos", "rwl", "gpr",
        ],
        "darktable-cli IN OUT.jpg",
    ),
    still("SVG", &["svg", "svgz"], "rsvg-convert IN -o OUT.png"),
    UnsupportedFormat { still: false, ..still("PDF", &["pdf"], "pdftoppm -png -r 200 IN OUT") },
    still("EPS", &["eps", "epsf", "ps"], GHOSTSCRIPT),
    still("PSD", &["psd", "psb"], "magick IN[0] OUT.png"),
    still("XCF", &["xcf"], MAGICK),
    still("ICO", &["ico", "cur"], MAGICK),
    unsigned("TGA", &["tga", "targa", "icb", "vda", "vst"], MAGICK),
    unsigned("PCX", &["pcx"], MAGICK),
    still("PNM", &["pnm", "pbm", "pgm", "ppm", "pam", "pfm"], MAGICK),
    still("QOI", &["qoi"], MAGICK),
    still("DDS", &["dds"], MAGICK),
    still("OpenEXR", &["exr"], "magick IN -colorspace sRGB OUT.png"),
    still("Radiance HDR", &["hdr", "rgbe"], "magick IN -colorspace sRGB OUT.png"),
    still("farbfeld", &["ff"], MAGICK),
    still("SGI", &["sgi", "rgb", "bw"], MAGICK),
    still("Sun raster", &["ras"], MAGICK),
    still("XPM", &["xpm"], MAGICK),
    unsigned("WBMP", &["wbmp"], MAGICK),
    still("ICNS", &["icns"], "icns2png -x IN"),
    still("BPG", &["bpg"], "bpgdec -o OUT.png IN"),
    still("FLIF", &["flif"], "flif -d IN OUT.png"),
    still("DjVu", &["djvu", "djv"], "ddjvu -format=tiff IN OUT.tif"),
    still("WMF", &["wmf", "emf"], "inkscape IN -o OUT.png"),
    still("DICOM", &["dcm", "dicom"], "dcm2img IN OUT.png"),
    still("FITS", &["fits", "fit", "fts"], MAGICK),
    still("NIfTI", &["nii"], "med2image -i IN -o OUT.png"),
    video("MP4 video", &["mp4", "m4v", "3gp", "3g2"]),
    video("QuickTime video", &["mov", "qt"]),
    video("AVI video", &["avi"]),
    video("Matroska or WebM video", &["mkv", "webm"]),
    video("MPEG video", &["mpg", "mpeg", "vob", "m2ts"]),
    video("Windows Media video", &["wmv", "asf"]),
    video("Flash video", &["flv"]),
    video("Ogg video", &["ogv"]),
];

impl UnsupportedFormat {
    /// Finds a format by its name, as [`PictureError::UnsupportedFormat`](crate::PictureError::UnsupportedFormat) has it.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }

    /// The command that converts the file `input`; `output` is the result's name before its ending.
    pub fn command(&self, input: &str, output: &str) -> String {
        let word = |word: &str| word.replace("IN", input).replace("OUT", output);
        self.convert.split(' ').map(word).collect::<Vec<_>>().join(" ")
    }

    /// The command for a file of the usual name.
    pub fn example(&self) -> String {
        self.command(&format!("FILE.{}", self.endings.first().unwrap_or(&"")), "FILE")
    }
}

/// Does a name end like that of a still picture in a format that is not read?
pub(crate) fn ends_like_a_still_picture(ending: &str) -> bool {
    FORMATS.iter().any(|format| format.still && format.endings.contains(&ending))
}
