//! A first layer's weights as images: what each of its neurons looks for.

use super::svg::{Anchor, Canvas, Colour, INK, Picture, cells, number};
use crate::error::Error;
use crate::float::Float;
use crate::tensor::Tensor;

/// Draws each row of a weight [neurons, height·width] as an image of this height and width: blue
/// below 0, white at 0, red above, on one scale for all.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::prelude::*;
/// use wengert::viz;
/// let mut params: Params = Params::new();
/// let model = Mlp::new(&mut params.init(&mut Rng::new(0)), [64, 32, 10]);
/// let picture = viz::weight_images("Digits, first layer", &params["layers.0.weight"], 8, 8)?;
/// assert!(picture.svg().contains("32 neurons"));
/// # Ok(()) }
/// ```
///
/// # Errors
/// If the weight's rows do not have height·width entries, or there is nothing to draw.
pub fn weight_images<T: Float>(
    title: &str,
    weight: &Tensor<T>,
    height: usize,
    width: usize,
) -> Result<Picture, Error> {
    let neurons = match *weight.shape().dims() {
        [neurons, inputs] if Some(inputs) == height.checked_mul(width) && neurons * inputs > 0 => neurons,
        _ => {
            return Err(Error::data(format!(
                "a weight of shape {} cannot be drawn as images of {height} by {width}",
                weight.shape()
            )));
        }
    };
    let largest =
        weight.data().iter().map(|w| w.to_f64().abs()).filter(|w| w.is_finite()).fold(0.0, f64::max);

    // About as many columns as rows, and images of some 76 pixels.
    let columns = (neurons as f64).sqrt().ceil() as usize;
    let rows = neurons.div_ceil(columns);
    let pixel = (76.0 / height.max(width) as f64).max(1.0);
    let (image_width, image_height, gap) = (pixel * width as f64, pixel * height as f64, 6.0);
    let (left, top) = (20.0, 66.0);
    let total_width = (left * 2.0 + columns as f64 * (image_width + gap) - gap).max(420.0);
    let left = (total_width - (columns as f64 * (image_width + gap) - gap)) / 2.0;

    let mut canvas = Canvas::new(total_width, top + rows as f64 * (image_height + gap) + 14.0);
    canvas.text((total_width / 2.0, 24.0), 18.0, Anchor::Middle, INK, title);
    let scale = format!("{neurons} neurons; blue −{0}, white 0, red {0}", number(largest));
    canvas.text((total_width / 2.0, 46.0), 13.0, Anchor::Middle, INK, &scale);
    canvas.begin_cells();
    for neuron in 0..neurons {
        let x = left + (neuron % columns) as f64 * (image_width + gap);
        let y = top + (neuron / columns) as f64 * (image_height + gap);
        let colours: Vec<Colour> = weight.row(neuron).iter().map(|w| colour(w.to_f64(), largest)).collect();
        cells(&mut canvas, (x, y), (pixel, pixel), width, &colours);
    }
    canvas.end_cells();
    for neuron in 0..neurons {
        let x = left + (neuron % columns) as f64 * (image_width + gap);
        let y = top + (neuron / columns) as f64 * (image_height + gap);
        canvas.frame(x, y, image_width, image_height);
    }
    Ok(canvas.finish())
}

/// From blue over white to red; grey for what is not finite.
fn colour(w: f64, largest: f64) -> Colour {
    const LEVELS: f64 = 24.0;
    if !w.is_finite() {
        return Colour(0x99, 0x99, 0x99);
    }
    let share = if largest > 0.0 { (w.abs() / largest * LEVELS).round() / LEVELS } else { 0.0 };
    let full = if w < 0.0 { Colour(0x21, 0x66, 0xac) } else { Colour(0xb2, 0x18, 0x2b) };
    Colour::WHITE.towards(full, share)
}
