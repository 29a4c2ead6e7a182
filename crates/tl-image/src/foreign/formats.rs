//! The table of formats, and of the bytes that they begin with.

use crate::PictureError;

/// A format that is not read.
#[derive(Debug, PartialEq, Eq)]
pub struct FormatNotRead {
    /// What it is called.
    pub name: &'static str,
    /// Endings of names, in small letters.
    pub endings: &'static [&'static str],
    /// The command that makes a picture of it; `IN` is the file, `OUT` the result's name before its ending.
    pub(crate) convert: &'static str,
    /// Has some file of it no signature? Then the ending counts.
    pub(crate) without_signature: bool,
    /// Is it a still picture? Others are expected beside pictures, in tar files for example.
    pub(crate) still: bool,
}

const MAGICK: &str = "magick IN OUT.png";
const GHOSTSCRIPT: &str = "gs -dSAFER -dEPSCrop -sDEVICE=png16m -r200 -o OUT.png IN";
const FFMPEG: &str = "ffmpeg -i IN -vf fps=1 OUT-%04d.jpg";

const fn still(name: &'static str, endings: &'static [&'static str], convert: &'static str) -> FormatNotRead {
    FormatNotRead { name, endings, convert, without_signature: false, still: true }
}

const fn unsigned(
    name: &'static str,
    endings: &'static [&'static str],
    convert: &'static str,
) -> FormatNotRead {
    FormatNotRead { without_signature: true, ..still(name, endings, convert) }
}

const fn video(name: &'static str, endings: &'static [&'static str]) -> FormatNotRead {
    FormatNotRead { still: false, ..still(name, endings, FFMPEG) }
}

pub(super) const FORMATS: &[FormatNotRead] = &[
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
    FormatNotRead { still: false, ..still("PDF", &["pdf"], "pdftoppm -png -r 200 IN OUT") },
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

/// What a web page is called.
pub(super) const WEB_PAGE: &str = "an HTML page, perhaps the error page of a failed download";

/// (offset, bytes there, name of a format in [`FORMATS`] or what it is instead); the first row that matches wins.
pub(super) const SIGNATURES: &[(usize, &[u8], &str)] = &[
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\0\x0cJXL ", "JPEG XL"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
    (0, b"II\xbc", "JPEG XR"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "EPS"),
    (0, b"\xc5\xd0\xd3\xc6", "EPS"),
    (0, b"8BPS", "PSD"),
    (0, b"gimp xcf", "XCF"),
    (0, b"\0\0\x01\0", "ICO"),
    (0, b"P1\n", "PNM"),
    (0, b"P2\n", "PNM"),
    (0, b"P3\n", "PNM"),
    (0, b"P4\n", "PNM"),
    (0, b"P5\n", "PNM"),
    (0, b"P6\n", "PNM"),
    (0, b"P7\n", "PNM"),
    (0, b"P5 ", "PNM"),
    (0, b"P6 ", "PNM"),
    (0, b"PF\n", "PNM"),
    (0, b"Pf\n", "PNM"),
    (0, b"qoif", "QOI"),
    (0, b"DDS ", "DDS"),
    (0, b"\x76\x2f\x31\x01", "OpenEXR"),
    (0, b"#?RADIANCE", "Radiance HDR"),
    (0, b"#?RGBE", "Radiance HDR"),
    (0, b"farbfeld", "farbfeld"),
    (0, b"\x01\xda\0\x01", "SGI"),
    (0, b"\x01\xda\x01\x01", "SGI"),
    (0, b"\x59\xa6\x6a\x95", "Sun raster"),
    (0, b"/* XPM */", "XPM"),
    (0, b"icns", "ICNS"),
    (0, b"BPG\xfb", "BPG"),
    (0, b"FLIF", "FLIF"),
    (0, b"AT&TFORM", "DjVu"),
    (0, b"\xd7\xcd\xc6\x9a", "WMF"),
    (40, b" EMF", "WMF"),
    (128, b"DICM", "DICOM"),
    (0, b"SIMPLE  =", "FITS"),
    (344, b"n+1\0", "NIfTI"),
    (8, b"AVI ", "AVI video"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska or WebM video"),
    (0, b"\0\0\x01\xba", "MPEG video"),
    (0, b"\0\0\x01\xb3", "MPEG video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media video"),
    (0, b"FLV\x01", "Flash video"),
    (0, b"OggS", "Ogg video"),
    (
        0,
        b"version https://git-lfs",
        "a pointer of git-lfs: its content was not fetched, `git lfs pull` does it",
    ),
    (30, b"[Content_Types].xml", "a document of an office program: save its pictures as files"),
    (30, b"mimetypeapplication/vnd.oasis", "a document of an office program: save its pictures as files"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a document of an office program, or a cache of thumbnails"),
    (0, b"PK\x03\x04", "a ZIP archive, unpack it first"),
    (0, b"\x1f\x8b", "a gzip archive, unpack it first"),
    (0, b"BZh", "a bzip2 archive, unpack it first"),
    (0, b"\xfd7zXZ\0", "an xz archive, unpack it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive, unpack it first"),
    (0, b"Rar!\x1a\x07", "a RAR archive, unpack it first"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive, unpack it first"),
    (257, b"ustar", "a tar archive: give it as the data, not a picture in a folder"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file: save its pictures as files"),
    (0, b"\x93NUMPY", "a NumPy array: save its pictures as files"),
    (0, b"MATLAB 5.0", "a MATLAB file: save its pictures as files"),
    (0, b"SQLite format 3\0", "a database"),
    (0, b"\0\x05\x16\x07", "what macOS keeps beside a file on foreign disks (AppleDouble)"),
    (0, b"ID3", "a sound"),
    (8, b"WAVE", "a sound"),
];

impl FormatNotRead {
    pub(crate) fn error(&self) -> PictureError {
        PictureError::UnsupportedFormat { format: self.name }
    }

    /// The format of this name.
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
