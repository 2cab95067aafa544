//! Losses: one number that says how wrong a prediction is.
//!
//! It is what the tape goes backward from, so what matters most about a loss is its slope: what does the prediction hear when it is
//! wrong?
//!
//! # Which one
//!
//! | the target is | last layer gives | loss | shapes of prediction and target |
//! |---|---|---|---|
//! | a number | a number | [`mse`](crate::loss::mse): mean of (ŷ − y)² | \[n, k\] and \[n, k\] |
//! | a number, with outliers | a number | [`huber`](crate::loss::huber), [`l1`](crate::loss::l1): mean of \|ŷ − y\| | \[n, k\] and \[n, k\] |
//! | yes or no | a logit z | [`bce_with_logits`](crate::loss::bce_with_logits): mean of −ln p of what was true, p = σ(z) | \[n, 1\] and \[n, 1\] |
//! | several yes or no at once | a logit each | the same | \[n, k\] and \[n, k\] |
//! | one class of k | k logits | [`cross_entropy`](crate::loss::cross_entropy): mean of −ln softmax(z) of the true class | \[n, k\] and n labels |
//!
//! [`bce`](crate::loss::bce) and [`categorical_cross_entropy`](crate::loss::categorical_cross_entropy) take probabilities, for a
//! network that ends with a sigmoid or a softmax.
//!
//! # For numbers
//!
//! The square's slope grows with the mistake, so that one outlier outshouts many rows; the absolute value's is ±1 however far off,
//! and jumps at 0. Huber's is the square's near 0 and constant beyond. The best constant guess says it too: the mean for squares,
//! the median for absolute values.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let guess = tape.var([1.0, 4.0, 10.0]);
//! let truth = Tensor::from([0.0, 2.0, 10.0]);
//! let loss = mse(guess, &truth);
//! assert!((loss.item() - 5.0 / 3.0).abs() < 1e-15); // (1 + 4 + 0)/3
//! let slope = Tensor::from([2.0 / 3.0, 4.0 / 3.0, 0.0]); // 2(ŷ − y)/n
//! assert!(loss.backward()[guess].max_abs_diff(&slope) < 1e-15);
//!
//! let loss = Huber::new().reduction(Reduction::Sum).of(guess, &truth);
//! assert_eq!(loss.item(), 2.0); // 1/2 + (2 − 1/2)
//! assert_eq!(loss.backward()[guess], [1.0, 1.0, 0.0]);
//! ```
//!
//! Every prediction needs a target of its own shape. A row \[n\] against a column \[n, 1\] would broadcast to n² differences and train
//! quietly towards the mean; here it panics and says both shapes:
//!
//! ```should_panic
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! mse(tape.var([1.0, 4.0]), Tensor::from([[0.0], [2.0]]));
//! ```
//!
#![doc = include_str!("pictures/style.html")]
#![doc = include_str!("pictures/losses_of_numbers.svg")]
//!
//! # For classes, and why from logits
//!
//! Cross-entropy is −ln of the probability given to what was true: 0 when it was certain and right, ln 2 = 0.69 for a coin, without
//! bound when it was certain and wrong. A first loss far from ln k, for k classes, is a sign of a mistake.
//!
//! With p = σ(z) its slope in z is p − y: as large as the mistake. The square (p − y)² has the slope 2(p − y)·p(1 − p), and the last
//! factor vanishes just where the network is certain and wrong. So the network hears nothing when it should hear most:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::f64();
//! let z = tape.var(0.0); // p = 1/2
//! let loss = bce_with_logits(z, 1.0);
//! assert!((loss.item() - 2f64.ln()).abs() < 1e-15);
//! assert_eq!(loss.backward()[z], -0.5); // p − y
//!
//! let z = tape.var(-10.0); // nearly certain that it is not, and it is
//! assert!(bce_with_logits(z, 1.0).backward()[z].item() < -0.9999);
//! assert!(mse(z.sigmoid(), 1.0).backward()[z].item().abs() < 1e-4);
//! ```
//!
#![doc = include_str!("pictures/losses_of_logits.svg")]
//!
//! Taking logits is also the stable way. In f32 σ(20) is exactly 1; ln(1 − 1) is −∞, which `bce` holds at −100, and the slope is gone.
//! From the logit it is max(z, 0) − zy + ln(1 + e^−|z|), where nothing overflows and nothing cancels:
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new(); // f32
//! let z = tape.var(200.0);
//! let (naive, stable) = (bce(z.sigmoid(), 0.0), bce_with_logits(z, 0.0));
//! assert_eq!((naive.item(), stable.item()), (100.0, 200.0));
//! assert_eq!(naive.backward()[z], 0.0);
//! assert_eq!(stable.backward()[z], 1.0);
//!
//! // Two rows, two classes; the slope is (softmax − y)/rows.
//! let logits = tape.var([[2.0, 2.0], [0.0, 800.0]]);
//! let loss = cross_entropy(logits, &[0, 1]);
//! assert!((loss.item() - 2f32.ln() / 2.0).abs() < 1e-6);
//! assert_eq!(loss.backward()[logits], [[-0.25, 0.25], [0.0, 0.0]]);
//! ```
//!
//! Mean or sum is a matter of the step's length: with the mean it does not depend on the size of the batch. Each loss has a type of
//! its name for this and more: weights for rare classes, label smoothing, labels to be left out.
//!
//! Before: [An MLP, and why a stack of linear layers is not one](super::mlp) · Next: [Optimizers](super::optimizers)
