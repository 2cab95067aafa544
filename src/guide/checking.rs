//! Checking gradients: a derivative that is wrong still trains, badly, so hold it against numbers.
//!
//! A mistake in a gradient seldom crashes. The loss falls, only slower, and ends higher; one looks for the reason in the data, in the
//! learning rate, everywhere else. So compare each derivative with a difference that needs no calculus:
//! (f(x + h) − f(x − h))/2h.
//!
//! ```
//! use wengert::prelude::*;
//! let f = |x: f64| x.powi(3);
//! let tape = Tape::f64();
//! let x = tape.var(2.0);
//! let exact = x.powi(3).backward()[x].item();
//! let h = 0.01;
//! let one_sided = (f(2.0 + h) - f(2.0)) / h;
//! let central = (f(2.0 + h) - f(2.0 - h)) / (2.0 * h);
//! assert_eq!(exact, 12.0);
//! assert!((one_sided - 12.06).abs() < 1e-3); // off by about h·f″/2
//! assert!((central - 12.0001).abs() < 1e-6); // off by h²·f‴/6 = h²
//! ```
//!
//! # How small is h?
//!
//! Half the h, a quarter of the error, at first. But f(x + h) and f(x − h) are rounded, in `f64` to 16 digits, and their difference is
//! small: divided by 2h, the rounding grows as h shrinks. In between lies the best h, near 10⁻⁵, where ten or eleven digits are right. In
//! `f32`, with 7 digits to begin with, four or five are: gradients are checked in `f64`.
//!
//! The sine at 1, held against the slope that the tape gives:
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/checking.svg")]
//!
//! # Let it be done
//!
//! [`gradcheck`](crate::grad::gradcheck) compares every entry of every input. It takes differences at several h, extrapolates, and estimates how
//! far to trust them, so there is no h to choose. A function that passes agrees with the numbers there, as closely as the report says; one that fails gets a report: which
//! input, which entry, by how much, and what the wrong ones have in common.
//!
//! ```
//! use wengert::prelude::*;
//! gradcheck(|[x]| x.tanh() * x, [Tensor::from([0.5, -1.0])]).unwrap();
//!
//! // f is x², and f′ is said to be x: half of what it is.
//! let half = gradcheck(
//!     |[x]| x.apply("half", |x| x * x, |x| x),
//!     [Tensor::from([3.0])],
//! );
//! println!("{}", half.unwrap_err());
//! ```
//!
//! For a whole model there is [`gradcheck_model`](crate::grad::gradcheck_model), which goes through its parameters by name:
//!
//! ```
//! use wengert::prelude::*;
//! let mut params = Params::<f64>::new();
//! let mut rng = Rng::new(1);
//! let mlp = Mlp::new(&mut params.init(&mut rng), [3, 4, 2]).activation(Activation::Tanh);
//! let x = Tensor::randn([5, 3], &mut rng);
//! gradcheck_model(&params, |tape| {
//!     cross_entropy(mlp.forward(tape.constant(&x)), &[0, 1, 1, 0, 1])
//! })
//! .unwrap();
//! ```
//!
//! And [`check_tape`](crate::grad::check_tape) takes a tape as it stands, in the middle of a training that goes wrong, and checks each operation
//! on it alone.
//!
//! # What is no mistake
//!
//! - **A kink.** At 0 the slope of relu is 0 from the left and 1 from the right, and a difference across it is 1/2. The check says
//!   *Kink* there, and not *Fail*. Move the input a little.
//! - **Chance.** A function that draws a new dropout mask at each call has no derivative to compare with. Check a model in
//!   [`Tape::eval`](crate::Tape::eval)'s mode; `gradcheck_model` does.
//! - **A flat place.** Where the true derivative is 0, a wrong rule that gives 0 passes. Check at places that are not special: not at 0,
//!   not at 1, no two entries alike.
//!
//! Before: [Optimizers](super::optimizers) · Next: [Writing your own operation](super::own_op)
