//! Limited-memory BFGS for smooth convex functions.
//!
//! Nocedal and Wright, Numerical Optimization, 2nd edition: algorithm 7.4 (two-loop recursion) and 3.1 (backtracking);
//! 7.5 says why pairs that do not curve upwards are left out.

use rayon::prelude::*;
use std::collections::VecDeque;

/// Pairs of steps and gradient changes that are kept; scipy's default.
const MEMORY: usize = 10;
/// Share of the promised decrease that a step must bring (Nocedal and Wright, equation 3.4).
const SUFFICIENT: f64 = 1e-4;
/// Halvings before a step is given up: below, differences drown in rounding.
const HALVINGS: usize = 20;

/// Numbers that one thread adds up: sums do not depend on the number of threads.
pub(crate) const CHUNK: usize = 1 << 14;

/// Value and gradient at a point.
pub(crate) struct Point {
    pub(crate) value: f64,
    pub(crate) gradient: Vec<f64>,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop {
    /// Largest absolute entry of the gradient that counts as zero.
    pub(crate) gradient: f64,
    pub(crate) iterations: usize,
}

/// Where the search ended.
pub(crate) struct Minimum {
    pub(crate) at: Vec<f64>,
    pub(crate) value: f64,
    pub(crate) iterations: usize,
    /// Largest absolute entry of the gradient; not a number if one of them is none.
    pub(crate) gradient: f64,
    /// The gradient is as small as was asked for.
    pub(crate) converged: bool,
}

/// Minimises `function` from `start`.
pub(crate) fn minimise(start: Vec<f64>, stop: Stop, function: impl Fn(&[f64]) -> Point) -> Minimum {
    let mut at = start;
    let mut here = function(&at);
    let mut pairs = VecDeque::with_capacity(MEMORY);
    let mut iterations = 0;
    while iterations < stop.iterations && !stop.reached(&here) {
        let direction = descent(&here.gradient, &pairs);
        let Some((next_at, next)) = line_search(&at, &here, &direction, pairs.is_empty(), &function) else {
            break;
        };
        remember(&mut pairs, difference(&next_at, &at), difference(&next.gradient, &here.gradient));
        (at, here) = (next_at, next);
        iterations += 1;
    }
    let (gradient, converged) = (largest(&here.gradient), stop.reached(&here));
    Minimum { at, value: here.value, iterations, gradient, converged }
}

impl Stop {
    /// Is this a minimum? Nothing that is not finite is one.
    fn reached(self, here: &Point) -> bool {
        here.value.is_finite() && largest(&here.gradient) <= self.gradient
    }
}

/// A step, the gradient's change over it, and 1 / their product.
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    rho: f64,
}

fn remember(pairs: &mut VecDeque<Pair>, step: Vec<f64>, change: Vec<f64>) {
    let curvature = dot(&step, &change);
    if curvature <= 1e-10 * dot(&change, &change) {
        return;
    }
    if pairs.len() == MEMORY {
        pairs.pop_front();
    }
    pairs.push_back(Pair { step, change, rho: 1.0 / curvature });
}

/// Minus the approximate inverse Hessian times the gradient (algorithm 7.4).
fn descent(gradient: &[f64], pairs: &VecDeque<Pair>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let alpha = pair.rho * dot(&pair.step, &q);
        add_scaled(&mut q, -alpha, &pair.change);
        alphas.push(alpha);
    }
    if let Some(last) = pairs.back() {
        let scale = 1.0 / (last.rho * dot(&last.change, &last.change));
        q.iter_mut().for_each(|value| *value *= scale);
    }
    for (pair, alpha) in pairs.iter().zip(alphas.into_iter().rev()) {
        let beta = pair.rho * dot(&pair.change, &q);
        add_scaled(&mut q, alpha - beta, &pair.step);
    }
    q
}

/// Halves the step until it brings enough; `None` if no step does.
fn line_search(
    at: &[f64],
    here: &Point,
    direction: &[f64],
    first: bool,
    function: impl Fn(&[f64]) -> Point,
) -> Option<(Vec<f64>, Point)> {
    let slope = dot(&here.gradient, direction);
    // The first direction is the bare gradient, of which nothing is known but its sense.
    let mut length = if first { 1.0 / dot(direction, direction).sqrt().max(1.0) } else { 1.0 };
    for _ in 0..HALVINGS {
        let mut next_at = at.to_vec();
        add_scaled(&mut next_at, length, direction);
        let next = function(&next_at);
        if next.value <= here.value + SUFFICIENT * length * slope {
            return Some((next_at, next));
        }
        length /= 2.0;
    }
    None
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let product = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    if a.len() <= CHUNK {
        return product((a, b));
    }
    let products: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(product).collect();
    products.iter().sum()
}

fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut difference = a.to_vec();
    add_scaled(&mut difference, -1.0, b);
    difference
}

fn add_scaled(to: &mut [f64], scale: f64, what: &[f64]) {
    to.par_chunks_mut(CHUNK).zip(what.par_chunks(CHUNK)).for_each(|(to, what)| {
        to.iter_mut().zip(what).for_each(|(to, what)| *to += scale * what);
    });
}

/// The largest absolute value; not a number if one of them is none.
fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest: f64, value| {
        let value = value.abs();
        if largest.is_nan() || largest > value { largest } else { value }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badly_scaled_quadratic_is_solved() {
        let function = |x: &[f64]| Point {
            value: 0.5 * (x[0] - 3.0).powi(2) + 500.0 * (x[1] + 2.0).powi(2),
            gradient: vec![x[0] - 3.0, 1000.0 * (x[1] + 2.0)],
        };
        let minimum = minimise(vec![0.0, 0.0], Stop { gradient: 1e-9, iterations: 100 }, function);
        assert!(minimum.converged);
        assert!((minimum.at[0] - 3.0).abs() < 1e-8 && (minimum.at[1] + 2.0).abs() < 1e-8, "{:?}", minimum.at);
    }

    #[test]
    fn what_is_not_a_number_is_no_minimum() {
        for (value, slope) in
            [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::NEG_INFINITY, 0.0), (f64::NAN, f64::NAN)]
        {
            let function = |_: &[f64]| Point { value, gradient: vec![0.0, slope, 0.0] };
            let minimum = minimise(vec![0.0; 3], Stop { gradient: 1e-4, iterations: 100 }, function);
            assert!(!minimum.converged, "{value} {slope}");
            assert!(!(minimum.value.is_finite() && minimum.gradient.is_finite()), "{value} {slope}");
        }
    }

    #[test]
    fn long_vectors_give_the_same_sums_on_any_number_of_threads() {
        let values: Vec<f64> = (0..5 * CHUNK + 7).map(|i| (i as f64 * 0.618).fract() - 0.3).collect();
        let sums = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| dot(&values, &values))
        });
        assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
    }

    #[test]
    fn running_out_of_iterations_is_said() {
        let function = |x: &[f64]| Point { value: x[0].powi(4), gradient: vec![4.0 * x[0].powi(3)] };
        let minimum = minimise(vec![9.0], Stop { gradient: 1e-30, iterations: 3 }, function);
        assert_eq!((minimum.converged, minimum.iterations), (false, 3));
    }
}
