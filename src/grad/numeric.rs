//! The derivative of a function along a line, from its values alone.
//!
//! Central differences (φ(h) − φ(−h)) / 2h at halved steps are extrapolated to step 0
//! (Richardson, 1911; the choice of the best entry and its error estimate are Ridders', 1982).
//! The steps grow where rounding limits the result and shrink where the function bends or ends.
//! A pair of samples very near the point tells what is there: with the gap g(h) between the
//! one-sided differences, g(h) → 0 in proportion to h where φ is smooth, stays where it has a
//! kink, and grows as 1/h at a jump.
//!
//! φ has several values, or lanes: the entries of a result, each with its own table, for what is
//! out of one entry's domain is no reason to know nothing about the others.

use crate::float::Float;

/// How steps are chosen for one element type.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Steps {
    epsilon: f64,
    /// The first step, in units of the line's scale at first.
    first: f64,
    /// How many halved steps are taken at a time.
    rows: usize,
    /// The step very near the point, in units of the smallest.
    near: f64,
    /// A derivative is good enough when its error is this small a part of it.
    enough: f64,
    /// How often the steps may be made smaller, or larger.
    refinements: usize,
}

impl Steps {
    pub(crate) fn of<T: Float>() -> Self {
        let epsilon = T::EPSILON.to_f64();
        if T::NAME == "f32" {
            // The smallest step is ε^(1/3), where rounding and curvature weigh the same.
            let first = 16.0 * epsilon.cbrt();
            return Steps { epsilon, first, rows: 5, near: 1.0 / 32.0, enough: 1e-4, refinements: 3 };
        }
        Steps { epsilon, first: 0.05, rows: 6, near: 1.0 / 2048.0, enough: 2e-8, refinements: 5 }
    }
}

impl Steps {
    /// So few that a function is evaluated ten times, unless it turns out to need more.
    pub(crate) fn few<T: Float>() -> Self {
        let steps = Self::of::<T>();
        Steps { rows: 4, refinements: 3, ..steps }
    }
}

/// A derivative along a line, and how well it is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Derivative {
    pub(crate) value: f64,
    /// The estimate of |value − exact|.
    pub(crate) error: f64,
    /// What can be chosen at a kink: the sum of the lesser one-sided derivatives, and of the
    /// greater. Both are the value where the function is smooth.
    pub(crate) least: f64,
    pub(crate) greatest: f64,
    pub(crate) local: Local,
    /// Whether no sample differed from the value at the point.
    pub(crate) flat: bool,
    /// The step from which the value comes.
    pub(crate) step: f64,
    /// How steep the function is nearby, at the largest step used: what a derivative that is 0
    /// by symmetry is small against.
    pub(crate) slope: f64,
    /// A derivative below this is lost in rounding.
    pub(crate) rounding: f64,
    /// Whether the function keeps its value but for the last digits, and shows no slope from afar.
    pub(crate) still: bool,
    /// The derivative that moves the function by its last digit over the first step.
    pub(crate) digit: f64,
    /// Of stairs, the derivative that climbs one tread over the first step.
    pub(crate) tread: f64,
    /// The function's last digit, as if its value were no smaller than 1.
    pub(crate) last_digit: f64,
    /// Whether steps of another size show another derivative, the one that is claimed.
    pub(crate) disputed: bool,
}

impl Derivative {
    /// Takes another measurement of the same number for a second opinion: where the two differ by
    /// more than they claim to, the claim was wrong.
    pub(crate) fn doubted(self, other: &Derivative) -> Self {
        let apart = (self.value - other.value).abs();
        Derivative { error: if apart.is_nan() { self.error } else { self.error.max(apart) }, ..self }
    }
}

/// What a function looks like very near a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Local {
    Smooth,
    /// The one-sided derivatives differ.
    Kink,
    /// Small steps do not move the function, and larger ones show one slope on both sides: it is made
    /// of small steps itself, or rounding makes it so.
    Stairs,
    /// The function is not defined on one side, however near.
    Edge,
    /// The function itself has a step.
    Jump,
}

/// The samples at +h and at −h, with the steps that floating point made of them.
struct Row {
    step: [f64; 2],
    value: [Vec<f64>; 2],
}

impl Row {
    fn at(line: &mut impl FnMut(f64) -> (f64, Vec<f64>), h: f64) -> Self {
        let (up, plus) = line(h);
        let (down, minus) = line(-h);
        Row { step: [up, -down], value: [plus, minus] }
    }
    fn h(&self) -> f64 {
        self.step[0]
    }
    fn central(&self, j: usize) -> f64 {
        (self.value[0][j] - self.value[1][j]) / (self.step[0] + self.step[1])
    }
    /// The differences to the left and to the right.
    fn sides(&self, j: usize, base: f64) -> [f64; 2] {
        [(base - self.value[1][j]) / self.step[1], (self.value[0][j] - base) / self.step[0]]
    }
    fn gap(&self, j: usize, base: f64) -> f64 {
        let [left, right] = self.sides(j, base);
        (right - left).abs()
    }
    /// How far the function moved, to the further side.
    fn rise(&self, j: usize, base: f64) -> f64 {
        (self.value[0][j] - base).abs().max((self.value[1][j] - base).abs())
    }
    fn magnitude(&self, j: usize) -> f64 {
        self.value[0][j].abs().max(self.value[1][j].abs())
    }
    fn is_finite(&self, j: usize) -> bool {
        self.value[0][j].is_finite() && self.value[1][j].is_finite()
    }
    fn is_flat(&self, j: usize, base: f64) -> bool {
        self.value[0][j] == base && self.value[1][j] == base
    }
}

/// What one lane says.
struct Lane {
    value: f64,
    error: f64,
    sides: [f64; 2],
    local: Local,
    step: f64,
    slope: f64,
    rounding: f64,
    last_digit: f64,
    still: bool,
    digit: f64,
    tread: f64,
    flat: bool,
    wish: Wish,
}

/// What would make a lane better known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wish {
    Nothing,
    SmallerSteps,
    LargerSteps,
}

/// What the steps of one size say alone, where others were taken too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    value: f64,
    error: f64,
}

impl Scale {
    /// Whether these steps show `claim` in place of the derivative that was found, and no more lies between the two than
    /// `inside` last digits of the function over the step that found it: than the stairs that rounding makes of it, then.
    pub(crate) fn supports(&self, claim: f64, found: &Derivative, inside: f64) -> bool {
        let blur = 10.0 * self.error;
        let apart = (self.value - found.value).abs();
        (claim - found.value).abs() * found.step <= inside * found.last_digit
            && (claim - self.value).abs() <= blur + 1e-6 * claim.abs()
            && blur <= 0.5 * self.value.abs().max(found.value.abs())
            && apart > 3.0 * self.error + 10.0 * found.error
    }
}

/// The derivative at 0 of the sum of φ's lanes. `line(t)` samples φ at t and says which t
/// floating point made of it; `base` is φ(0); `scale` is the distance over which φ may be
/// expected to change. And, where more steps were taken than the first, what those of each size say alone: the smaller ones may
/// stand on a single tread of the stairs that rounding makes of φ, and agree there on a wrong number.
pub(crate) fn derivative(
    mut line: impl FnMut(f64) -> (f64, Vec<f64>),
    base: &[f64],
    scale: f64,
    steps: Steps,
) -> (Derivative, Vec<Scale>) {
    let first = steps.first * scale;
    let steps = Steps { first, ..steps };
    let mut rows: Vec<Row> = (0..steps.rows).map(|k| Row::at(&mut line, halved(first, k))).collect();
    let mut near = Row::at(&mut line, rows[rows.len() - 1].h() * steps.near);
    let mut nearer = None;
    let (mut smaller, mut larger) = (0, 0);
    loop {
        let lanes = look(&rows, &near, nearer.as_ref(), base, steps);
        let sum = add_up(&lanes);
        let enough = sum.error <= steps.enough * sum.value.abs();
        let odd = lanes.iter().any(|lane| matches!(lane.local, Local::Kink | Local::Jump));
        if nearer.is_none() && (odd || !enough) {
            // A kink or a jump at this point is still there at a step much smaller; a smooth
            // function shows nothing there but the rounding inside it.
            nearer = Some(Row::at(&mut line, near.h() / NEARER));
            continue;
        }
        if enough {
            return (sum, scales(&rows, &lanes, base, steps));
        }
        let wish = |wish| lanes.iter().any(|lane| lane.wish == wish);
        if wish(Wish::SmallerSteps) && smaller < steps.refinements {
            smaller += 1;
            let h = rows[rows.len() - 1].h();
            rows.extend((1..=steps.rows).map(|k| Row::at(&mut line, halved(h, k))));
            let h = rows[rows.len() - 1].h();
            if near.h() > h / 16.0 {
                near = Row::at(&mut line, h * steps.near);
                nearer = None;
            }
        } else if wish(Wish::LargerSteps) && larger < 2 && smaller == 0 {
            larger += 1;
            let h = rows[0].h();
            let above =
                (0..steps.rows).map(|k| Row::at(&mut line, halved(h, k) * 2f64.powi(steps.rows as i32)));
            rows.splice(0..0, above.collect::<Vec<_>>());
        } else {
            return (sum, scales(&rows, &lanes, base, steps));
        }
    }
}

/// What each size of steps says alone; of a lane on which it has nothing to say, what all say.
fn scales(rows: &[Row], lanes: &[Lane], base: &[f64], steps: Steps) -> Vec<Scale> {
    if rows.len() == steps.rows {
        return Vec::new();
    }
    let alone = |rows: &[Row]| {
        let mut sum = Scale { value: 0.0, error: 0.0 };
        for (j, (lane, &base)) in lanes.iter().zip(base).enumerate() {
            let [first, last] = [&rows[0], &rows[rows.len() - 1]].map(|row| row.gap(j, base));
            // What is bent at the smallest step may all be rounding inside φ.
            let bent = last * rows[rows.len() - 1].h() / 2.0;
            let noise = |row: &Row| (steps.epsilon * row.magnitude(j).max(base.abs())).max(bent) / row.h();
            let best = extrapolate(rows, 4.0, noise, |row| row.central(j));
            // A kink among the steps is no slope.
            let size = best.value.abs().max(lane.value.abs());
            let straight = last <= 0.25 * first || last <= 0.1 * size;
            let finite = rows.iter().all(|row| row.is_finite(j));
            let says = finite && straight && best.error <= size;
            let (value, error) = if says { (best.value, best.error) } else { (lane.value, lane.error) };
            sum.value += value;
            sum.error = sum.error.hypot(error);
        }
        sum
    };
    rows.chunks(steps.rows).map(alone).collect()
}

/// How much smaller the step is that confirms a kink, or shows rounding.
const NEARER: f64 = 64.0;

fn halved(h: f64, times: usize) -> f64 {
    h * 0.5f64.powi(times as i32)
}

fn look(rows: &[Row], near: &Row, nearer: Option<&Row>, base: &[f64], steps: Steps) -> Vec<Lane> {
    base.iter().enumerate().map(|(j, &base)| lane(j, base, rows, near, nearer, steps)).collect()
}

/// Errors of lanes are independent: they add up by their squares.
fn add_up(lanes: &[Lane]) -> Derivative {
    let sum = |f: &dyn Fn(&Lane) -> f64| lanes.iter().map(f).sum::<f64>();
    Derivative {
        value: sum(&|lane| lane.value),
        error: lanes.iter().fold(0.0, |error: f64, lane| error.hypot(lane.error)),
        least: sum(&|lane| lane.sides[0].min(lane.sides[1])),
        greatest: sum(&|lane| lane.sides[0].max(lane.sides[1])),
        local: lanes.iter().map(|lane| lane.local).max().unwrap_or(Local::Smooth),
        flat: lanes.iter().all(|lane| lane.flat),
        step: lanes.iter().filter(|lane| !lane.flat).map(|lane| lane.step).fold(0.0, f64::max),
        slope: sum(&|lane| lane.slope),
        rounding: sum(&|lane| lane.rounding),
        still: lanes.iter().all(|lane| lane.still),
        digit: sum(&|lane| lane.digit),
        tread: sum(&|lane| lane.tread),
        last_digit: sum(&|lane| lane.last_digit),
        disputed: false,
    }
}

fn lane(j: usize, base: f64, rows: &[Row], near: &Row, nearer: Option<&Row>, steps: Steps) -> Lane {
    let smallest = &rows[rows.len() - 1];
    // As if the value were no smaller than 1: what it was made from may have been that large.
    let last_digit = steps.epsilon * base.abs().max(1.0);
    let rounding = last_digit / steps.first;
    let digit = steps.epsilon * base.abs();
    // Where the values are too coarse to show a slope, the larger steps show no more than that
    // slope and a last digit. Where they show more, the function is constant here.
    let coarse = |row: &Row| row.rise(j, base) <= 4.0 * digit * (row.h() / smallest.h());
    let constant = |is_constant: &dyn Fn(&Row) -> bool| {
        let here = is_constant(near) && rows[rows.len() - 2..].iter().all(is_constant);
        here && (rows.iter().all(is_constant) || !rows.iter().all(coarse))
    };
    let still = constant(&|row| row.rise(j, base) <= 2.0 * digit);
    let smooth = |value: f64, error: f64, step: f64, wish: Wish| Lane {
        value,
        error,
        sides: [value; 2],
        local: Local::Smooth,
        step,
        slope: 0.0,
        rounding,
        last_digit,
        still,
        digit: digit / steps.first,
        tread: 0.0,
        flat: false,
        wish,
    };
    if !base.is_finite() {
        let value = smooth(f64::NAN, f64::INFINITY, near.h(), Wish::Nothing);
        return Lane { local: Local::Edge, ..value };
    }
    let flat = constant(&|row| row.is_flat(j, base));
    if flat || still {
        let noise = |row: &Row| steps.epsilon * row.magnitude(j).max(base.abs()) / row.h();
        let moved = rows.iter().take_while(|row| slopes(row, j, base)).count();
        if let Some(rows) = rows.get(..moved).filter(|rows| one_slope(rows, j)) {
            let best = extrapolate(&rows[..moved.min(steps.rows)], 4.0, noise, |row| row.central(j));
            let value = smooth(best.value, best.error, best.step, Wish::Nothing);
            let tread = rows.iter().map(|row| row.rise(j, base)).fold(f64::INFINITY, f64::min);
            let sides = [0.0, best.value];
            return Lane { local: Local::Stairs, still: false, sides, tread: tread / steps.first, ..value };
        }
    }
    if flat {
        return Lane { flat: true, ..smooth(0.0, 0.0, smallest.h(), Wish::Nothing) };
    }
    if !near.is_finite(j) {
        let value = smooth(f64::NAN, f64::INFINITY, near.h(), Wish::SmallerSteps);
        return Lane { local: Local::Edge, ..value };
    }

    // Beyond the last sample that was out of the domain nothing is known to be smooth.
    let start = rows.iter().rposition(|row| !row.is_finite(j)).map_or(0, |last| last + 1);
    let within = &rows[start..];

    // What is there? A jump does not get lower as the step shrinks, a kink's gap not smaller.
    let noise = |row: &Row| steps.epsilon * row.magnitude(j).max(base.abs()) / row.h();
    let bent = |row: &Row, than: &Row| {
        let [left, right] = row.sides(j, base);
        let gap = row.gap(j, base);
        let seen = gap > 40.0 * noise(row) && gap > 1e-4 * (left.abs() + right.abs());
        seen && (!than.is_finite(j) || gap > 0.25 * than.gap(j, base))
    };
    let steep = |row: &Row, than: &Row| {
        let rise = row.rise(j, base);
        let seen = rise > 1e3 * noise(row) * row.h();
        seen && (!than.is_finite(j) || rise > 0.25 * than.rise(j, base))
    };
    let is = |what: &dyn Fn(&Row, &Row) -> bool| {
        what(near, smallest) && nearer.is_none_or(|nearer| what(nearer, near))
    };
    let settled = |near: &Row, nearer: &Row| {
        let mut pairs = near.sides(j, base).into_iter().zip(nearer.sides(j, base));
        pairs.all(|(far, close)| (far - close).abs() <= 0.25 * nearer.gap(j, base))
    };
    if is(&steep) {
        let value = smooth(near.central(j), f64::INFINITY, near.h(), Wish::Nothing);
        return Lane { local: Local::Jump, ..value };
    }
    if is(&bent) {
        let sides = [0, 1].map(|side| {
            let best = extrapolate(within, 2.0, noise, |row| row.sides(j, base)[side]);
            // Another kink may lie between the larger steps; the small ones have not met it.
            let [far, close] = [near, nearer.unwrap_or(near)].map(|row| row.sides(j, base)[side]);
            let rough = 4.0 * noise(near) + 2.0 * (close - far).abs();
            let apart = (best.value - far).abs();
            if apart <= rough + 10.0 * best.error { best } else { Best { value: far, error: rough, ..best } }
        });
        let [left, right] = &sides;
        // The slopes of a kink are the same nearer by; where not, they are those of something fast.
        let wish = if nearer.is_none_or(|nearer| settled(near, nearer)) {
            Wish::Nothing
        } else {
            Wish::SmallerSteps
        };
        let middle = (left.value + right.value) / 2.0;
        let value = smooth(middle, left.error.max(right.error), near.h(), wish);
        return Lane { local: Local::Kink, sides: [left.value, right.value], ..value };
    }

    // φ may be made of larger numbers than it shows, as ln(1 + x²) is for a tiny x.
    let inside = nearer.map_or(0.0, |row| row.gap(j, base) * row.h() / 2.0);
    let noise_seen = |row: &Row| noise(row).max(inside / row.h());
    let best = extrapolate(within, 4.0, noise_seen, |row| row.central(j));
    if best.value.is_nan() {
        return smooth(near.central(j), f64::INFINITY, near.h(), Wish::SmallerSteps);
    }
    let apart = (near.central(j) - best.value).abs();
    // So near, the gap between the sides is all rounding, unless it still falls with the step.
    let falls = |nearer: &Row| (16.0..256.0).contains(&(near.gap(j, base) / nearer.gap(j, base)));
    let blur = noise(near) + nearer.filter(|nearer| falls(nearer)).unwrap_or(near).gap(j, base);
    let explained = 10.0 * best.error + 10.0 * blur + 1e-6 * best.value.abs();
    // Not explained: there is a kink, or the end of the domain, between the two. Values that do not
    // move so near are explained where rounding alone would hold them.
    let held = near.is_flat(j, base) && best.value.abs() > noise(near);
    let explains = apart <= explained && !held;
    let wish = if explains && best.limited_by_rounding { Wish::LargerSteps } else { Wish::SmallerSteps };
    let error = if explains { best.error } else { best.error.max(apart) };
    let slope = within.first().map_or(0.0, |row| row.rise(j, base) / row.h());
    Lane { slope, ..smooth(best.value, error, best.step, wish) }
}

/// Whether φ rises to both sides, or falls, by about as much.
fn slopes(row: &Row, j: usize, base: f64) -> bool {
    let [left, right] = row.sides(j, base);
    row.is_finite(j) && left * right > 0.0 && (left - right).abs() <= 0.5 * (left + right).abs()
}

/// Whether steps of three sizes or more show the same slope, to a few per cent.
fn one_slope(rows: &[Row], j: usize) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() <= 0.05 * a.abs().max(b.abs());
    rows.windows(3).any(|three| {
        let [a, b, c] = [0, 1, 2].map(|k| three[k].central(j));
        near(a, b) && near(b, c)
    })
}

struct Best {
    value: f64,
    error: f64,
    step: f64,
    limited_by_rounding: bool,
}

/// The entry of Richardson's table that seems to have the smallest error: with T₀ₖ = D(hₖ),
/// Tᵢₖ = Tᵢ₋₁,ₖ + (Tᵢ₋₁,ₖ − Tᵢ₋₁,ₖ₋₁) / (bⁱ − 1), and the error not below its neighbours' distance.
/// The base b is 4 for central differences, whose error is a series in h², and 2 for one-sided ones.
///
/// What the smaller steps contradict is no candidate: large ones may agree with each other where
/// the function has long been saturated.
fn extrapolate(
    rows: &[Row],
    base: f64,
    noise: impl Fn(&Row) -> f64,
    difference: impl Fn(&Row) -> f64,
) -> Best {
    const ORDERS: usize = 7;
    let mut best = Best { value: f64::NAN, error: f64::INFINITY, step: 0.0, limited_by_rounding: false };
    let mut above = [0.0; ORDERS];
    let differences: Vec<f64> = rows.iter().map(&difference).collect();
    let contradicted = |k: usize, value: f64, error: f64| {
        (k + 1..rows.len()).any(|m| {
            // The error of a difference is about its distance to the next one, times b/(b − 1).
            let other = if m + 1 < rows.len() { m + 1 } else { m - 1 };
            let own = 3.0 * (differences[m] - differences[other]).abs() + 10.0 * noise(&rows[m]);
            (differences[m] - value).abs() > own + 10.0 * error
        })
    };
    for (k, row) in rows.iter().enumerate() {
        let mut line = [0.0; ORDERS];
        line[0] = differences[k];
        let rounding = noise(row);
        for i in 1..=k.min(ORDERS - 1) {
            let step = line[i - 1] - above[i - 1];
            line[i] = line[i - 1] + step / (base.powi(i as i32) - 1.0);
            let spread = (line[i] - line[i - 1]).abs().max((line[i] - above[i - 1]).abs());
            let error = spread + rounding;
            if error < best.error && !contradicted(k, line[i], error) {
                let limited_by_rounding = spread <= 4.0 * rounding;
                best = Best { value: line[i], error, step: row.h(), limited_by_rounding };
            }
        }
        above = line;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(f: impl Fn(f64) -> f64, x: f64) -> Derivative {
        let line = |t: f64| ((x + t) - x, vec![f(x + t)]);
        derivative(line, &[f(x)], if x == 0.0 { 1.0 } else { x.abs() }, Steps::of::<f64>()).0
    }

    /// `exact` is f′(x); `relative` what the derivative is to be right to.
    #[track_caller]
    fn check(f: fn(f64) -> f64, x: f64, exact: f64, relative: f64) {
        let found = at(f, x);
        let error = (found.value - exact).abs();
        assert_eq!(found.local, Local::Smooth);
        assert!(error <= 10.0 * found.error, "{} is {error:e} off, estimated {:e}", found.value, found.error);
        assert!(error <= relative * exact.abs(), "{} is {:e} off", found.value, error / exact.abs());
    }

    #[test]
    fn derivatives_are_right_to_1e_9_and_their_estimates_hold() {
        check(f64::exp, 1.0, 1f64.exp(), 1e-12);
        check(f64::exp, -20.0, (-20f64).exp(), 1e-12);
        check(f64::exp, 300.0, 300f64.exp(), 1e-12);
        check(f64::sin, 1.0, 1f64.cos(), 1e-12);
        check(f64::sin, 1000.0, 1000f64.cos(), 1e-12);
        check(f64::tanh, 3.0, 1.0 - 3f64.tanh().powi(2), 1e-11);
        check(|x| x * x * x, 7.0, 147.0, 1e-12);
        check(|x| (-x * x).exp(), 5.0, -10.0 * (-25f64).exp(), 1e-11);
        check(|x| (100.0 * x).sin(), 1.0, 100.0 * 100f64.cos(), 1e-10);
        check(|x| (1e4 * x).sin(), 1.0, 1e4 * 1e4f64.cos(), 1e-9);
        check(|x| 1.0 / x, 1e8, -1e-16, 1e-11);
    }

    #[test]
    fn steps_shrink_where_the_domain_or_a_pole_is_near() {
        check(f64::ln, 1e-3, 1e3, 1e-11);
        check(f64::ln, 1e-12, 1e12, 1e-11);
        check(|x| 1.0 / x, 1e-3, -1e6, 1e-11);
        check(f64::sqrt, 1e-4, 50.0, 1e-9);
        check(|x| 1.0 / (x - 1.0), 1.001, -1.0 / (1.001f64 - 1.0).powi(2), 1e-9);
        check(|x| (x - 1.0).ln(), 1.001, 1.0 / (1.001f64 - 1.0), 1e-9);
    }

    #[test]
    fn steps_grow_where_rounding_is_the_limit() {
        // The derivative is 2·10⁻⁹ beside a value of 1, and 0.5 beside a value of 10⁶.
        check(|x| 1.0 / (1.0 + (-x).exp()), 20.0, (-20f64).exp() / (1.0 + (-20f64).exp()).powi(2), 1e-6);
        check(|x| 1e6 + x.sin(), 1.0, 1f64.cos(), 1e-9);
    }

    #[test]
    fn a_kink_nearby_is_stepped_around() {
        check(|x| (x - 1.0).max(0.0), 1.0 + 1e-7, 1.0, 1e-9);
        check(|x| (x - 1.0).max(0.0), 1.0 - 1e-7, 0.0, 1e-9);
        check(f64::abs, 1e-7, 1.0, 1e-9);
        check(|x| 3.0 + (x - 1.0).abs() + x.exp(), 1.0001, 1.0 + 1.0001f64.exp(), 1e-9);
    }

    #[test]
    fn a_kink_has_two_derivatives() {
        let found = at(|x| (x - 1.0).abs() + x.exp(), 1.0);
        let e = 1f64.exp();
        assert_eq!(found.local, Local::Kink);
        assert!((found.least - (e - 1.0)).abs() <= 10.0 * found.error, "{found:?}");
        assert!((found.greatest - (e + 1.0)).abs() <= 10.0 * found.error, "{found:?}");
        assert!(found.error < 1e-11, "{found:?}");
    }

    #[test]
    fn what_is_at_a_point_is_called_by_its_name() {
        for (f, x, local) in [
            (f64::abs as fn(f64) -> f64, 0.0, Local::Kink),
            (|x| x.max(0.0), 0.0, Local::Kink),
            (|x| x * x.abs(), 0.0, Local::Smooth),
            (|x| x * x, 0.0, Local::Smooth),
            (f64::floor, 2.0, Local::Jump),
            (|x| x.floor() + 100.0 * x, 2.0, Local::Jump),
            (f64::signum, 0.0, Local::Jump),
            (f64::floor, 2.5, Local::Smooth),
            (f64::sqrt, 0.0, Local::Edge),
            (f64::ln, 0.0, Local::Edge),
        ] {
            assert_eq!(at(f, x).local, local, "at {x}: {:?}", at(f, x));
        }
    }

    #[test]
    fn a_vertical_tangent_is_not_resolved() {
        let found = at(f64::cbrt, 0.0);
        assert!(found.error > found.value.abs(), "{found:?}");
    }

    #[test]
    fn a_lane_that_leaves_its_domain_does_not_spoil_the_others() {
        let x = 1.0f64;
        let lanes = |x: f64| vec![x * x, (x - 0.999).ln(), f64::from(x < 1.01) / f64::from(x < 1.01)];
        let found = derivative(|t| ((x + t) - x, lanes(x + t)), &lanes(x), 1.0, Steps::of::<f64>()).0;
        let exact = 2.0 + 1.0 / (1.0 - 0.999);
        assert!((found.value - exact).abs() <= 10.0 * found.error, "{found:?}");
        assert!(found.error <= 2e-8 * exact, "{found:?}");
    }
}
