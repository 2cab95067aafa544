//! The confusion matrix as a picture.

use super::svg::{Anchor, Canvas, Colour, INK, Picture, class_colour, number, text_width};
use crate::metrics::ConfusionMatrix;

/// Draws a confusion matrix: rows are the true classes, columns the predicted ones; each cell has its
/// count, and is the darker the larger its share of its row. Classes without a name are numbered.
///
/// ```
/// # fn main() -> Result<(), wengert::Error> {
/// use wengert::metrics::ConfusionMatrix;
/// use wengert::viz;
/// let matrix = ConfusionMatrix::new(&[0, 1, 1, 1], &[0, 0, 1, 1], 2)?;
/// let picture = viz::confusion_matrix(&matrix, &["benign", "malignant"]);
/// assert!(picture.svg().contains("malignant") && picture.svg().contains("accuracy 0.75"));
/// # Ok(()) }
/// ```
pub fn confusion_matrix(matrix: &ConfusionMatrix, names: &[impl AsRef<str>]) -> Picture {
    let classes = matrix.classes();
    let name =
        |class: usize| names.get(class).map_or_else(|| class.to_string(), |name| name.as_ref().to_string());
    let longest = (0..classes).map(|class| text_width(&name(class), 13.0)).fold(0.0, f64::max);
    // Columns are wide enough for their names; many classes share the room.
    let cell = (560.0 / classes as f64).clamp(34.0, 110.0).max(longest + 10.0);
    let height = cell.min(80.0);
    let (left, top) = (56.0 + longest, 78.0);
    let (width, bottom) = (cell * classes as f64, top + height * classes as f64);

    let mut canvas = Canvas::new((left + width + 24.0).max(320.0), bottom + 56.0);
    let title = format!("Confusion matrix: accuracy {}", number(matrix.accuracy()));
    canvas.text((left + width / 2.0, 26.0), 18.0, Anchor::Middle, INK, &title);
    canvas.text((left + width / 2.0, bottom + 36.0), 14.0, Anchor::Middle, INK, "predicted class");
    canvas.upward_text((20.0, top + (bottom - top) / 2.0), 14.0, INK, "true class");
    for class in 0..classes {
        let counts = matrix.row(class);
        let total: usize = counts.iter().sum();
        let y = top + height * class as f64;
        canvas.text((left - 10.0, y + height / 2.0), 13.0, Anchor::End, INK, &name(class));
        canvas.text(
            (left + cell * (class as f64 + 0.5), top - 14.0),
            13.0,
            Anchor::Middle,
            INK,
            &name(class),
        );
        for (predicted, &count) in counts.iter().enumerate() {
            let x = left + cell * predicted as f64;
            let share = if total == 0 { 0.0 } else { count as f64 / total as f64 };
            // Right ones in one colour, mistakes in another; a single mistake is to be seen too.
            let colour = class_colour(usize::from(predicted != class));
            let shade = if count == 0 { 0.0 } else { 0.12 + 0.88 * share };
            let fill = Colour(0xf4, 0xf5, 0xf6).towards(colour, shade);
            canvas.rect(x + 1.0, y + 1.0, cell - 2.0, height - 2.0, &fill.to_string());
            let ink = match (count, shade > 0.6) {
                (0, _) => "#a8aeb5",
                (_, true) => "#ffffff",
                (_, false) => INK,
            };
            canvas.text((x + cell / 2.0, y + height / 2.0), 14.0, Anchor::Middle, ink, &count.to_string());
        }
    }
    canvas.finish()
}
