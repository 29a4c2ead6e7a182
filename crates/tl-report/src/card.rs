//! What the pictures and the network were.

use serde::{Deserialize, Serialize};

use tl_data::Tightened;

/// The pictures of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DataCard {
    /// The folder, as given.
    pub root: String,
    /// The classes in the order of the model's outputs.
    pub classes: Vec<ClassCount>,
    /// Number of files looked at.
    pub files: usize,
    /// Files that claim to be pictures but cannot be used.
    pub rejected: Vec<RejectedFile>,
    /// Files that are no pictures, or were hidden or excluded.
    pub ignored: usize,
    /// Pictures whose content occurs more than once (all but the first of each).
    pub duplicates: usize,
    /// Pictures turned upright by their EXIF orientation.
    pub oriented: usize,
    /// Pictures per file format.
    pub formats: Vec<Count>,
    /// Pictures per colour mode, such as `RGB 8-bit` or `CMYK`.
    pub colors: Vec<Count>,
    /// Widths in pixels, upright.
    pub width: Option<Summary>,
    /// Heights in pixels, upright.
    pub height: Option<Summary>,
    /// Width divided by height.
    pub aspect: Option<Summary>,
    /// Hash over all names and contents, if it was taken.
    pub fingerprint: Option<String>,
    /// How the source was understood, where that was not plain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Held-out pictures that have copies among those that train, in parts that were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_parts: Option<AcrossParts>,
    /// Held-out pictures that the model had seen that this one began from, if it began from one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_before: Option<SeenBefore>,
    /// Chains of look-alikes that were cut, if some were too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tightened: Option<Tightened>,
}

/// Held-out pictures that do not tell how good a model is on other pictures: some much like them train it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcrossParts {
    /// Pictures of a part that have a copy, a look-alike or one of their group in a part before it: of validation in
    /// training, of the test in either.
    pub pictures: usize,
    /// Number of those pictures that are there as the same file.
    pub equal: usize,
}

/// What the model that a run began from had seen of the held-out pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenBefore {
    /// Is all that trained it on record?
    pub known: bool,
    /// Held-out pictures that trained it, or belong together with one that did. They do not judge.
    pub pictures: usize,
    /// Whether these pictures train now instead.
    pub train: bool,
}

/// The pictures of one class, by part.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassCount {
    /// The name of the class.
    pub name: String,
    /// Number of pictures trained on.
    pub train: usize,
    /// Pictures held back to choose the model.
    pub val: usize,
    /// Pictures held back to the end.
    #[serde(default)]
    pub test: usize,
}

/// A name and its value, both for reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The setting's name.
    pub name: String,
    /// The setting's value, with its unit.
    pub value: String,
}

/// A file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedFile {
    /// The file's path.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A count of pictures that have some property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    /// The name of the property.
    pub name: String,
    /// Number of pictures that have it.
    pub count: usize,
}

/// The range of a measure over the pictures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The minimum.
    pub min: f64,
    /// Half of the pictures lie below.
    pub median: f64,
    /// The maximum.
    pub max: f64,
}

/// The network of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCard {
    /// The architecture, such as `resnet18`.
    pub backbone: String,
    /// The name of the pretrained weights.
    pub weights: String,
    /// SHA-256 of the weights file, in hexadecimal.
    pub weights_sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// Numbers the backbone hands to the head.
    pub features: usize,
    /// Parameters of the whole network.
    pub parameters: u64,
    /// Number of parameters that training changed.
    pub trained_parameters: u64,
    /// The head in words.
    pub head: String,
    /// What is done to a picture before the network sees it.
    pub preprocess: Vec<Setting>,
    /// The device that it was trained on.
    pub device: String,
}

impl ClassCount {
    /// Pictures in all parts.
    pub fn total(&self) -> usize {
        self.train + self.val + self.test
    }
}

impl Summary {
    /// The range of `values`, which must be finite; none when there are none.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => (values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0,
            _ => *values.get(middle)?,
        };
        Some(Self { min: *values.first()?, median, max: *values.last()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between() {
        let summary = Summary::of([4.0, 1.0, 3.0, 10.0]).unwrap();
        assert_eq!(summary, Summary { min: 1.0, median: 3.5, max: 10.0 });
        assert_eq!(Summary::of([7.0]).unwrap().median, 7.0);
        assert_eq!(Summary::of([]), None);
    }
}
