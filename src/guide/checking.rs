//! Checking gradients, in numbers that can be redone by hand.
//!
//! A derivative that is wrong still trains, badly. So hold it against numbers: (f(x + h) − f(x − h))/2h, for every entry.
//! [`gradcheck`](crate::grad::gradcheck) does, and says which entry differs and by how much.
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
//! assert!(half.is_err());
//! ```
//!
#![doc = include_str!("pictures/style.html")]
//!
//! Before: [Optimizers](super::optimizers) · Next: [Writing your own operation](super::own_op)
