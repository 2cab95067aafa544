//! A model of one's own in every respect: a skip connection, one weight used twice, and an
//! operation with its own derivative. The derivative is checked before it is trusted.

mod common;

use common::{Options, Outcome, SEED};
use wengert::prelude::*;
use wengert::tape::{Keep, Op, Pullback};

const ABOUT: &str =
    "Trains a denoising autoencoder with tied weights, a skip connection and an activation of its own.";

// --- An operation of our own ---------------------------------------------------------------

/// y = x / (1 + |x|), "softsign": a cheaper tanh.
#[derive(Debug)]
struct Softsign;

impl<T: Float> Op<T> for Softsign {
    fn name(&self) -> &'static str {
        "softsign"
    }
    fn shape(&self, x: &[&Shape]) -> Result<Shape, ShapeError> {
        Ok(x[0].clone())
    }
    fn forward(&self, x: &[&Tensor<T>], _: Shape, _: &mut Keep<T>) -> Tensor<T> {
        x[0].map(|x| x / (T::ONE + x.abs()))
    }
    fn vjp<'t>(&self, p: &Pullback<'t, T>, g: Var<'t, T>) {
        // dy/dx = 1 / (1 + |x|)². Said in Vars, it can be differentiated again.
        p.pull(0, || g / (p.x(0).abs() + T::ONE).square());
    }
}

/// A method makes it look like any other operation.
trait SoftsignExt {
    fn softsign(self) -> Self;
}

impl<T: Float> SoftsignExt for Var<'_, T> {
    #[track_caller]
    fn softsign(self) -> Self {
        self.tape().record(Softsign, &[self])
    }
}

// --- A model of our own --------------------------------------------------------------------

/// Squeezes 8 numbers through 3 and unfolds them again with the same weight, transposed.
struct Autoencoder {
    encode: Linear,
    decode_bias: ParamId,
    skip: ParamId,
}

impl Autoencoder {
    fn new<T: Float>(init: &mut Init<T>) -> Self {
        Self {
            encode: Linear::new(&mut init.scope("encode"), 8, 3),
            decode_bias: init.param("decode.bias", [8], Scheme::Constant(0.0)),
            skip: init.param("skip", [8], Scheme::Constant(0.0)),
        }
    }
}

impl<T: Float> Module<T> for Autoencoder {
    fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
        let tape = x.tape();
        let code = self.encode.forward(x).softsign();
        // Tied: the encoder's weight [3, 8] once more, the other way round. Both uses meet in one
        // gradient.
        let unfolded = code.matmul(tape.param(self.encode.weight())) + tape.param(self.decode_bias);
        // A skip connection: part of the input goes straight to the output.
        unfolded + x * tape.param(self.skip)
    }
}

fn main() -> Outcome {
    let options = Options::read(ABOUT, &[("epochs", "300", "training steps of 64 samples"), SEED]);
    let epochs = options.count("epochs");
    let mut rng = Rng::new(options.get("seed"));

    // Is our derivative right? Asked of numbers, not of us.
    gradcheck(|[x]| x.softsign().sum(), [Tensor::from([-2.0, -0.3, 0.4, 1.5])])?;
    println!("softsign: its derivative agrees with numbers");

    let mut params = Params::<f32>::new();
    let model = Autoencoder::new(&mut params.init(&mut rng));
    println!("\n{}\n", summary(&model, &params, [1, 8]));

    // The whole model too, in f64: every parameter, the tied one included.
    let sample = Tensor::<f64>::randn([4, 8], &mut rng);
    gradcheck_model(&params.cast(), |tape| mse(model.forward(tape.constant(&sample)), &sample))?;
    println!("model: the gradient of every parameter agrees with numbers\n");

    // Eight numbers that are really three: what the network is to find out.
    let mixing = Tensor::<f32>::randn([3, 8], &mut rng);
    let mut adam = Adam::new(0.02);
    for epoch in 1..=epochs {
        let hidden = Tensor::rand_in(-0.7, 0.7, [64, 3], &mut rng);
        let noise = Tensor::randn([64, 8], &mut rng);
        let tape = Tape::training(&params, &mut rng);
        let clean = tape.constant(hidden).matmul(&mixing);
        let noisy = clean + tape.constant(noise) * 0.1;
        let loss = mse(model.forward(noisy), clean);
        let grads = loss.backward();
        if epoch == 1 || epoch % (epochs / 5).max(1) == 0 {
            println!("step {epoch:>4}  loss {:.5}", loss.item());
        }
        adam.step(&mut params, &grads);
    }
    println!("\nskip connection learned: {:.2}", params["skip"]);
    Ok(())
}
