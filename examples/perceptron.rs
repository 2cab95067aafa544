//! One neuron with its own learning rule learns AND and OR, which a line separates, and never
//! learns XOR, which none does. A layer of hidden neurons, trained by backpropagation, does.

mod common;

use common::{Options, Outcome, SEED};
use wengert::prelude::*;

const ABOUT: &str = "A perceptron on AND, OR and XOR, and the multi-layer perceptron that gets XOR right.";

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "2000", "passes of the multi-layer perceptron"), SEED]);
    let epochs = options.count("epochs");
    let seed: u64 = options.get("seed");
    let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);

    println!("One neuron: fires if w1*x1 + w2*x2 + b >= 0\n");
    for (name, labels) in [("AND", [0, 0, 0, 1]), ("OR", [0, 1, 1, 1]), ("XOR", [0, 1, 1, 0])] {
        let mut neuron = Perceptron::new(2);
        // At a rate of 1 the weights stay whole numbers: what is printed is what fires. An epoch without a mistake ends it.
        let learned = (1..=1000).find(|_| neuron.learn(&x, &labels, 1.0) == 0);
        let right = neuron.predict(&x).iter().zip(&labels).filter(|(a, b)| a == b).count();
        let when = match learned {
            Some(epoch) => format!("learned: epoch {epoch} had no mistake"),
            None => "never learned: 1000 epochs, a mistake in each".to_string(),
        };
        let [w1, w2] = neuron.weights[..] else { unreachable!("a neuron of two inputs") };
        println!("{name:>4}  {right} of 4 right  w = ({w1}, {w2}), b = {}  {when}", neuron.bias);
    }
    println!("\nXOR is 1 at two opposite corners of the square: no line has both on its side.\n");

    // Four hidden neurons bend the line.
    let mut rng = Rng::new(seed);
    let mut params = Params::new();
    let mlp = Mlp::new(&mut params.init(&mut rng), [2, 4, 1]).activation(Activation::Tanh);
    let target = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    let mut adam = Adam::new(0.02);
    println!("An MLP, 2-4-1 with tanh, on XOR:");
    for epoch in 1..=epochs {
        let tape = Tape::training(&params, &mut rng);
        let loss = bce_with_logits(mlp.forward(tape.constant(&x)), &target);
        let grads = loss.backward();
        if epoch % (epochs / 4).max(1) == 0 {
            println!("  epoch {epoch:>4}  loss {:.4}", loss.item());
        }
        adam.step(&mut params, &grads);
    }
    let tape = Tape::inference(&params);
    let probabilities = mlp.forward(tape.constant(&x)).sigmoid().value();
    let mut right = 0;
    for i in 0..4 {
        let (p, y) = (probabilities.row(i)[0], target.row(i)[0]);
        right += usize::from((p >= 0.5) == (y == 1.0));
        println!("  {} xor {} = {y}   the network says {p:.3}", x.row(i)[0], x.row(i)[1]);
    }
    println!("XOR: {right} of 4 right");
    Ok(())
}
