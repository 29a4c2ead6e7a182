//! The names of ImageNet-1k's classes.

const NAMES: &str = include_str!("../assets/imagenet_classes.txt");

/// ImageNet-1k's 1,000 class names in index order, as torchvision spells them
/// (<https://github.com/pytorch/vision/blob/main/torchvision/models/_meta.py>).
pub fn imagenet_classes() -> Vec<&'static str> {
    NAMES.lines().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_thousand_and_espresso_is_967() {
        let names = imagenet_classes();
        assert_eq!(names.len(), 1000);
        assert_eq!(names[967], "espresso");
    }
}
