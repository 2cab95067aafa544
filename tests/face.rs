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

/// The line on which `forward` stands.
const FORWARD: u32 = line!() + 2;
impl<T: Float> Module<T> for NeuralNet {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let x = self.hidden1.forward(x).relu().dropout(0.3);
        let x = self.hidden2.forward(x).relu().dropout(0.2);
        self.output.forward(x).sigmoid()
    }
}

/// What a closure says when it panics.
fn panic_text<R>(f: impl FnOnce() -> R) -> String {
    let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).err().expect("it should panic");
    panic.downcast_ref::<String>().expect("a text with numbers in it").clone()
}

#[test]
fn a_wrong_shape_names_the_operands_the_layer_and_the_users_line() {
    let mut rng = Rng::new(42);
    let mut params = Params::<f32>::new();
    let model = NeuralNet::new(&mut params.init(&mut rng), 30);
    let tape = Tape::eval(&params);
    let (x, line) = (tape.constant(Tensor::zeros([5, 31])), line!());
    let text = panic_text(|| model.forward(x));
    assert_eq!(
        text,
        format!(
            "linear: the last axis of [5, 31] is not the 30 inputs of weight [64, 30]\n  \
             x0: constant                [5, 31]   made at tests/face.rs:{}\n  \
             x1: param \"hidden1.weight\"  [64, 30]\n  \
             x2: param \"hidden1.bias\"    [64]\n  \
             at tests/face.rs:{} in layer \"hidden1\"",
            line,
            FORWARD + 1,
        )
    );
}

#[test]
fn a_sequential_blames_the_users_line_too() {
    let mut rng = Rng::new(42);
    let mut params = Params::<f32>::new();
    let model =
        Sequential::builder(&mut params.init(&mut rng).scope("net")).linear(3, 4).relu().linear(5, 1).build();
    let tape = Tape::eval(&params);
    let x = tape.constant(Tensor::zeros([2, 3]));
    let (text, line) = (panic_text(|| model.forward(x)), line!());
    assert!(text.ends_with(&format!("at tests/face.rs:{} in layer \"net.2\"", line)), "{text}");
    assert!(
        text.contains(&format!(
            "x0: relu                  [2, 4]  made at tests/face.rs:{} in layer \"net.1\"",
            line
        )),
        "{text}"
    );
}

#[test]
fn a_training_step() {
    let x = Tensor::randn([64, 30], &mut Rng::new(1));
    let y = Tensor::from_fn([64, 1], |i| if x.row(i)[0] > 0.0 { 1.0 } else { 0.0 });
    let x_test = x.clone();
    let loader = DataLoader::new(x, y, 32).unwrap();
    let mut rng = Rng::new(42);
    let mut params = Params::new();
    let model = NeuralNet::new(&mut params.init(&mut rng), 30);
    let mut adam = Adam::new(1e-3);
    for epoch in 0..2 {
        for (x, y) in loader.epoch(&mut rng) {
            let tape = Tape::training(&params, &mut rng);
            let loss = bce(model.forward(tape.constant(x)), y);
            let grads = loss.backward();
            adam.step(&mut params, &grads);
            assert!(grads.params().iter().all(|g| g.is_some()), "epoch {epoch}");
        }
    }
    let tape = Tape::inference(&params);
    let p = model.forward(tape.constant(x_test));
    assert_eq!(p.shape().dims(), [64, 1]);
}
#[test]
fn a_check() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = Rng::new(0);
    let (x0, w0) = (Tensor::randn([3, 4], &mut rng), Tensor::randn([4, 2], &mut rng));
    gradcheck(|[x, w]| x.matmul(w).tanh().sum(), [x0, w0])?;
    Ok(())
}
