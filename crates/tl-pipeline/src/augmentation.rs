//! What a run says about the random changes of its training pictures.

use tl_image::{Augment, AugmentPreset};
use tl_report::Choice;
use tl_train::{Phase, StepsConfig, Unfreeze};

/// The preset's name, or how many operations there are.
pub(crate) fn augmentation_name(augment: &Augment) -> String {
    let preset = AugmentPreset::ALL.into_iter().find(|&preset| Augment::from(preset).ops() == augment.ops());
    preset
        .map_or_else(|| format!("{} operations of a file", augment.ops().len()), |preset| preset.to_string())
}

/// Which phases change their pictures, how, and who said so.
pub(crate) fn augmentation(steps: &StepsConfig, phases: &[Phase]) -> Choice {
    let is_default = !steps.augment_head && steps.augment.ops() == StepsConfig::default().augment.ops();
    let who = if is_default { "the default" } else { "asked for" };
    let (changed, plain): (Vec<_>, Vec<_>) =
        phases.iter().partition(|phase| steps.changes(learns_alone(phase)));
    let names =
        |phases: &[&Phase]| phases.iter().map(|phase| phase.name.as_str()).collect::<Vec<_>>().join(", ");
    let how = steps.views.map_or_else(
        || "a new random view of each picture in every epoch".to_owned(),
        |views| format!("{views} random views of each picture in turn"),
    );
    let what = match (changed.as_slice(), plain.as_slice()) {
        ([], _) => "pictures come as they are".to_owned(),
        (_, []) => how,
        (changed, plain) => format!("{how} of {}; as they are in {}", names(changed), names(plain)),
    };
    Choice::new("augment", augmentation_name(&steps.augment), format!("{who}: {what}"))
}

fn learns_alone(phase: &Phase) -> bool {
    matches!(phase.unfreeze, Unfreeze::Head | Unfreeze::Last(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tl_train::Recipe;

    #[test]
    fn it_names_who_chose_and_what_happens_in_each_phase() {
        let classic = StepsConfig { recipe: Recipe::Classic, ..StepsConfig::default() };
        let keras =
            StepsConfig { augment: AugmentPreset::Keras.into(), augment_head: true, ..classic.clone() };
        let none = StepsConfig { augment: AugmentPreset::None.into(), ..classic.clone() };
        let views = StepsConfig { views: Some(3), ..classic.clone() };
        let new = "a new random view of each picture in every epoch";
        for (steps, name, why) in [
            (classic, "light", format!("the default: {new} of tune; as they are in head")),
            (keras, "keras", format!("asked for: {new}")),
            (none, "none", "asked for: pictures come as they are".to_owned()),
            (views, "light", "the default: 3 random views of each picture in turn".to_owned()),
        ] {
            let choice = augmentation(&steps, &steps.resolve(4, 100, false));
            assert_eq!((choice.chosen.as_str(), choice.why), (name, why));
        }
    }
}
