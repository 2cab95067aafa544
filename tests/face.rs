//! The public face: the programs of the crate's front page, as they stand.

use wengert::prelude::*;

#[test]
fn an_expression() {
    let tape = Tape::new();
    let a = tape.var(-4.0);
    let b = tape.var(2.0);
    let y = (a * b + b.powi(3)).tanh() * 3.0 + 1.0 / a;
    let grads = y.backward();
    println!("y = {}, dy/da = {}", y.item(), grads[a]);
    assert_eq!(y.item(), -0.25);
    assert_eq!(grads[a], 2.0 * 3.0 - 1.0 / 16.0);
}

#[test]
fn a_derivative_of_a_derivative() {
    let tape = Tape::f64();
    let x = tape.var(0.5);
    let f = x.powi(4) * x.sin();
    let df = f.grad(x);
    let d2f = df.grad(x);
    let d3f = d2f.grad(x);
    let (s, c, x) = (0.5f64.sin(), 0.5f64.cos(), 0.5f64);
    let exact = [
        4.0 * x.powi(3) * s + x.powi(4) * c,
        12.0 * x.powi(2) * s + 8.0 * x.powi(3) * c - x.powi(4) * s,
        24.0 * x * s + 36.0 * x.powi(2) * c - 12.0 * x.powi(3) * s - x.powi(4) * c,
    ];
    for (got, exact) in [df, d2f, d3f].iter().zip(exact) {
        assert!((got.item() - exact).abs() < 1e-13, "{got} is not {exact}");
    }
}

struct NeuralNet {
    hidden1: Linear,
    hidden2: Linear,
    output: Linear,
}

impl NeuralNet {
    fn new<T: Float>(init: &mut Init<T>, inputs: usize) -> Self {
        Self {
            hidden1: Linear::new(&mut init.scope("hidden1"), inputs, 64),
            hidden2: Linear::new(&mut init.scope("hidden2"), 64, 32),
            output: Linear::new(&mut init.scope("output"), 32, 1),
        }
    }
}

impl<T: Float> Module<T> for NeuralNet {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let x = self.hidden1.forward(x).relu().dropout(0.3);
        let x = self.hidden2.forward(x).relu().dropout(0.2);
        self.output.forward(x).sigmoid()
    }
}

#[test]
fn a_model_says_which_line_of_the_users_has_a_wrong_shape() {
    let mut rng = Rng::new(42);
    let mut params = Params::<f32>::new();
    let model = NeuralNet::new(&mut params.init(&mut rng), 30);
    let tape = Tape::eval(&params);
    let x = tape.constant(Tensor::zeros([5, 31]));
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| model.forward(x))).unwrap_err();
    let text = panic.downcast_ref::<String>().unwrap();
    println!("{text}");
    println!("{}", summary(&model, &params, [1, 30]));
}
