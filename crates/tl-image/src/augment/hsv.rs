//! Hue, saturation and value: the colour circle.

/// The colour with its hue turned by this part of the circle, with torchvision's arithmetic:
/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/v2/functional/_color.py>
pub(super) fn turn_hue(color: [u8; 3], turns: f32) -> [u8; 3] {
    let [h, s, v] = hsv(color.map(|value| f32::from(value) * (1.0 / 255.0)));
    rgb([(h + turns).rem_euclid(1.0), s, v]).map(|value| (value * 255.999) as u8)
}

/// Hue, saturation and value, each in 0..1.
fn hsv([r, g, b]: [f32; 3]) -> [f32; 3] {
    let (low, high) = (r.min(g).min(b), r.max(g).max(b));
    let range = high - low;
    if range == 0.0 {
        return [0.0, 0.0, high];
    }
    let away = |value: f32| (high - value) / range;
    let sixth = if high == r {
        away(b) - away(g)
    } else if high == g {
        2.0 + away(r) - away(b)
    } else {
        4.0 + away(g) - away(r)
    };
    [(sixth / 6.0 + 1.0) % 1.0, range / high, high]
}

fn rgb([h, s, v]: [f32; 3]) -> [f32; 3] {
    let sixth = (h * 6.0).floor();
    let part = h * 6.0 - sixth;
    let falling = v * (1.0 - s * part);
    let rising = v * (1.0 - s + s * part);
    let low = v * (1.0 - s);
    let color = match sixth as i32 {
        1 => [falling, v, low],
        2 => [low, v, rising],
        3 => [low, falling, v],
        4 => [rising, low, v],
        5 => [v, low, falling],
        _ => [v, rising, low],
    };
    color.map(|value| value.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// torchvision's 255.999 (and ours) gives every value back.
    #[test]
    fn no_turn_changes_no_colour() {
        let steps = || (0..=255_u32).step_by(15);
        for (r, g, b) in steps().flat_map(|r| steps().flat_map(move |g| steps().map(move |b| (r, g, b)))) {
            let color = [r, g, b].map(|value| value as u8);
            let turned = turn_hue(color, 0.0);
            let worst = turned.iter().zip(color).map(|(a, b)| a.abs_diff(b)).max();
            assert!(worst <= Some(1), "{color:?} became {turned:?}");
        }
    }

    #[test]
    fn a_third_of_a_turn_exchanges_the_channels() {
        assert_eq!(turn_hue([200, 0, 0], 1.0 / 3.0), [0, 200, 0]);
    }
}
