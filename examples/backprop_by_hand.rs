//! Backpropagation multiplied out by hand for a network of two hidden layers, each factor of the
//! chain rule printed with its shape. At the end it is held against what the tape says.

mod common;

use common::{Options, Outcome, SEED};
use wengert::prelude::*;

const ABOUT: &str = "Forward and backward through a 4-5-3-2 network, line by line, by hand and by tape.";

/// Weights [out, in], biases [out, 1]: columns are samples' own convention, z = W·x + b.
struct Weights {
    w1: Tensor<f64>,
    b1: Tensor<f64>,
    w2: Tensor<f64>,
    b2: Tensor<f64>,
    w3: Tensor<f64>,
    b3: Tensor<f64>,
}

fn main() -> Outcome {
    let options =
        Options::read(ABOUT, &[("rate", "0.1", "the learning rate"), ("epochs", "5", "updates"), SEED]);
    let learning_rate: f64 = options.get("rate");
    let updates = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));
    let mut draw = |rows: usize, columns: usize| Tensor::<f64>::randn([rows, columns], &mut rng);

    let x = draw(4, 1); // one sample of four features
    let y_true = Tensor::from([[1.0], [0.0]]); // it belongs to class 0
    let mut weights = Weights {
        w1: draw(5, 4),
        b1: draw(5, 1),
        w2: draw(3, 5),
        b2: draw(3, 1),
        w3: draw(2, 3),
        b3: draw(2, 1),
    };

    for update in 0..=updates {
        let tape = Tape::f64();
        let x = tape.constant(&x);
        let y_true = tape.constant(&y_true);
        let [w1, b1, w2, b2, w3, b3] =
            [&weights.w1, &weights.b1, &weights.w2, &weights.b2, &weights.w3, &weights.b3]
                .map(|w| tape.var(w));

        // --- Forward: layer by layer -----------------------------------------------------
        let z1 = w1.matmul(x) + b1; // input -> hidden 1, a linear transformation ..
        let a1 = z1.relu(); //         .. and an activation
        let z2 = w2.matmul(a1) + b2; // hidden 1 -> hidden 2
        let a2 = z2.relu();
        let z3 = w3.matmul(a2) + b3; // hidden 2 -> output
        let y_hat = z3.softmax(0); //   probabilities
        let loss = -(y_true * y_hat.ln()).sum(); // cross-entropy

        // --- Backward: the tape ----------------------------------------------------------
        let grads = loss.backward();

        if update == 0 {
            println!("Forward, at the start");
            for (formula, value) in [
                ("x", x),
                ("z1 = W1 . x + b1", z1),
                ("a1 = relu(z1)", a1),
                ("z2 = W2 . a1 + b2", z2),
                ("a2 = relu(z2)", a2),
                ("z3 = W3 . a2 + b3", z3),
                ("y_hat = softmax(z3)", y_hat),
            ] {
                println!("  {formula:<24} {:<7} {}", value.shape().to_string(), column(&value.value()));
            }
            println!("  {:<24} {:<7} {:.6}", "loss = -SUM y ln(y_hat)", "[]", loss.item());

            // --- Backward: by hand, factor by factor -----------------------------------------
            let by_hand =
                by_hand([&x, &z1, &a1, &z2, &a2, &z3, &y_hat].map(|v| v.value()), &y_true.value(), &weights);
            let of_the_tape = &grads[w1];
            println!("\ndLoss/dW1 multiplied out:\n{by_hand:.6}");
            println!("dLoss/dW1 from the tape:\n{of_the_tape:.6}");
            println!("largest difference: {:.1e}\n", by_hand.max_abs_diff(of_the_tape));
            println!(
                "W = W - learning_rate * gradient, with learning_rate = {learning_rate}; for a row of W1:"
            );
            let size = |row: &usize| of_the_tape.row(*row).iter().map(|g| g.abs()).sum::<f64>();
            let row = (0..5).max_by(|a, b| size(a).total_cmp(&size(b))).unwrap_or(0);
            for (column, (w, g)) in weights.w1.row(row).iter().zip(of_the_tape.row(row)).enumerate() {
                let new = w - learning_rate * g;
                println!("  W1[{},{}] = {w:.6} - {learning_rate} * {g:.6} = {new:.6}", row + 1, column + 1);
            }
            println!();
        }
        println!("  update {update}: loss {:.6}", loss.item());

        // --- Update: every weight a little against its gradient --------------------------------
        let moved = |w: Var<'_, f64>| {
            let steps =
                w.value().data().iter().zip(grads[w].data()).map(|(w, g)| w - learning_rate * g).collect();
            Tensor::from_vec(steps, w.shape())
        };
        weights = Weights {
            w1: moved(w1),
            b1: moved(b1),
            w2: moved(w2),
            b2: moved(b2),
            w3: moved(w3),
            b3: moved(b3),
        };
    }
    Ok(())
}

/// dLoss/dW1 = dLoss/dy_hat · dy_hat/dz3 · dz3/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dW1, with
/// plain loops. A row vector dLoss/d· is carried from right to left through the network.
fn by_hand([x, z1, _, z2, _, _, y_hat]: [Tensor<f64>; 7], y_true: &Tensor<f64>, w: &Weights) -> Tensor<f64> {
    println!("\nBackward, from the loss to W1: each factor of the chain rule");
    let show = |name: &str, what: &str, factor: &[Vec<f64>]| {
        println!("\n  {name} [{}, {}] = {what}", factor.len(), factor[0].len());
        factor.iter().for_each(|row| println!("      {}", numbers(row)));
    };
    let so_far = |name: &str, row: &[f64]| println!("    so dLoss/d{name} = {}", numbers(row));

    // dLoss/dy_hat = -y/y_hat, a row.
    let mut row: Vec<f64> = y_true.data().iter().zip(y_hat.data()).map(|(y, p)| -y / p).collect();
    show("dLoss/dy_hat", "-y/y_hat", std::slice::from_ref(&row));

    // dy_hat/dz3 = diag(p) - p pT, the softmax's Jacobian.
    let p = y_hat.data();
    let softmax: Vec<Vec<f64>> = (0..p.len())
        .map(|i| (0..p.len()).map(|j| if i == j { p[i] - p[i] * p[j] } else { -p[i] * p[j] }).collect())
        .collect();
    show("dy_hat/dz3", "diag(p) - p pT", &softmax);
    row = times(&row, &softmax);
    so_far("z3", &row); // together y_hat - y

    let w3 = matrix(&w.w3);
    show("dz3/da2", "W3", &w3);
    row = times(&row, &w3);
    so_far("a2", &row);

    let relu2 = gates(&z2);
    show("da2/dz2", "1 where z2 > 0, else 0, on the diagonal", &relu2);
    row = times(&row, &relu2);
    so_far("z2", &row);

    let w2 = matrix(&w.w2);
    show("dz2/da1", "W2", &w2);
    row = times(&row, &w2);
    so_far("a1", &row);

    let relu1 = gates(&z1);
    show("da1/dz1", "1 where z1 > 0, else 0, on the diagonal", &relu1);
    row = times(&row, &relu1);
    so_far("z1", &row);

    // dz1/dW1: row i of W1 meets x, so the gradient is the outer product of what came and x.
    let x = x.data();
    show("dz1/dW1", "x, for each row of W1", &[x.to_vec()]);
    Tensor::from_fn([row.len(), x.len()], |at| row[at / x.len()] * x[at % x.len()] + 0.0)
}

/// A row times a matrix.
fn times(row: &[f64], matrix: &[Vec<f64>]) -> Vec<f64> {
    (0..matrix[0].len()).map(|j| row.iter().zip(matrix).map(|(r, m)| r * m[j]).sum()).collect()
}

fn matrix(w: &Tensor<f64>) -> Vec<Vec<f64>> {
    (0..w.shape()[0]).map(|i| w.row(i).to_vec()).collect()
}

/// The Jacobian of relu at z: a diagonal of zeros and ones.
fn gates(z: &Tensor<f64>) -> Vec<Vec<f64>> {
    let z = z.data();
    let gate = |i: usize, j: usize| f64::from(u8::from(i == j && z[i] > 0.0));
    (0..z.len()).map(|i| (0..z.len()).map(|j| gate(i, j)).collect()).collect()
}

fn column(v: &Tensor<f64>) -> String {
    numbers(v.data())
}

/// Four decimals each; + 0.0 turns −0 into 0.
fn numbers(v: &[f64]) -> String {
    format!("({})", v.iter().map(|x| format!("{:.4}", x + 0.0)).collect::<Vec<_>>().join(", "))
}
