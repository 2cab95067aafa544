//! Coming from PyTorch: what is different, what is called what, and what is not there.
//!
//! An appendix to look things up in. Formulas of losses and optimizers with their defaults, names of parameters and their layout are
//! PyTorch’s; the table says where something is not. A [`Tensor`](crate::Tensor) is data; a [`Var`](crate::Var) is a value on a tape, and
//! calculates; operators of tensors are for what needs no gradient.
//!
//! # Three things that are different
//!
//! **The tape is yours, and borrows the parameters.** Read what you want of it, `backward()` and `item()`, and then call `step`: the loss
//! lives on the tape, and the values under it must not change before it has been used. Gradients are a value that is returned. There is
//! nothing to zero.
//!
//! ```
//! use wengert::prelude::*;
//! let mut params: Params = Params::new();
//! let w = params.add("w", 3.0);
//! let mut sgd = Sgd::new(0.25);
//! let tape = Tape::training(&params, &mut Rng::new(0));
//! let loss = tape.param(w).square();
//! let (value, grads) = (loss.item(), loss.backward());
//! sgd.step(&mut params, &grads); // the tape is not used any more
//! assert_eq!((value, params[w].item()), (9.0, 1.5));
//! ```
//!
//! The other way round, the compiler refuses:
//!
//! ```compile_fail,E0502
//! # use wengert::prelude::*;
//! # let mut params: Params = Params::new();
//! # let w = params.add("w", 3.0);
//! # let mut sgd = Sgd::new(0.25);
//! let tape = Tape::eval(&params);
//! let loss = tape.param(w).square();
//! let grads = loss.backward();
//! sgd.step(&mut params, &grads); // error: `params` is borrowed by the tape
//! println!("{}", loss.item()); // because of this
//! ```
//!
//! **`f32` is the default of the types, not of the literals.** Write `Params` as a type, `let mut params: Params = Params::new()`; if
//! nothing says what it holds, a literal like `3.0` makes it `f64`. Operators take numbers of the value's own type (in generic code
//! `T::from_f64(0.5)`), while settings such as learning rates, dropout, `powf` and `clamp` are `f64` always.
//!
//! ```
//! use wengert::prelude::*;
//! fn half<'t, T: Float>(x: Var<'t, T>) -> Var<'t, T> {
//!     x * T::from_f64(0.5)
//! }
//! let mut params: Params = Params::new();
//! let w = params.add("w", [1.0, 5.0]);
//! let limit: f64 = 2.0; // a setting
//! let y: Tensor<f32> = half(Tape::eval(&params).param(w) * 2.0).clamp(0.0, limit).value();
//! assert_eq!(y, [1.0, 2.0]);
//!
//! let mut other = Params::new(); // of what?
//! let v = other.add("v", 3.0);
//! let _: &Tensor<f64> = &other[v];
//! ```
//!
//! **A reduction without arguments goes over all entries.** Along axes it has another name: `sum_axis` drops them, `sum_keepdim` leaves
//! them as 1. `..` stands for all axes, and negative ones count from the end. So it is with `mean`, `max`, `logsumexp` and the others.
//!
//! ```
//! use wengert::prelude::*;
//! let tape = Tape::new();
//! let x = tape.var([[1.0, 2.0], [3.0, 4.0]]);
//! assert_eq!(x.sum().item(), 10.0);
//! assert_eq!(x.sum_axis(1).value(), [3.0, 7.0]);
//! assert_eq!(x.sum_keepdim(-1).value(), [[3.0], [7.0]]);
//! assert_eq!(x.mean_axis([0, 1]).value(), 2.5);
//! ```
//!
//! # What is called what
//!
//! `x` and `y` are values on a `tape`. Shapes and axes are written as `[2, 3]` and `1`; indices and labels are `usize`.
//!
//! ## Tensors and shapes
//!
//! | PyTorch | here |
//! |---|---|
//! | `torch.tensor([[1., 2.]])` | [`Tensor::from([[1.0, 2.0]])`](crate::Tensor), beyond three axes `Tensor::from_vec(data, shape)` |
//! | `zeros(2, 3)`, `randn(2, 3)` | [`Tensor::zeros([2, 3])`](crate::Tensor::zeros), `Tensor::randn([2, 3], &mut rng)` |
//! | `requires_grad=True`, or not | [`tape.var(tensor)`](crate::Tape::var), [`tape.constant(tensor)`](crate::Tape::constant) |
//! | `x.detach()`, `x.numpy()`, `x.double()` | [`x.detach()`](crate::Var::detach), `x.value().data()`, `x.value().cast::<f64>()` |
//! | `view(2, -1)`, `flatten(1)` | [`x.reshape([2, -1])`](crate::Var::reshape), [`x.flatten_from(1)`](crate::Var::flatten_from) |
//! | `squeeze(1)`, `unsqueeze(1)`, `expand(2, 3)` | `x.squeeze(1)`, `x.unsqueeze(1)`, [`x.expand([2, 3])`](crate::Var::expand) |
//! | `permute(2, 0, 1)`, `transpose(0, 1)`, `x.T` | [`x.permute([2, 0, 1])`](crate::Var::permute), `x.transpose(0, 1)`, `x.t()` |
//! | `cat([x, y], 1)`, `stack([x, y])` | [`Var::concat([x, y], 1)`](crate::Var::concat), [`Var::stack([x, y], 0)`](crate::Var::stack) |
//! | `split(x, 2, dim=1)`, `chunk(x, 2, dim=1)` | the axis first: [`x.split(1, 2)`](crate::Var::split), `x.chunk(1, 2)` |
//! | `x[:, 1:3]`, `narrow(1, 1, 2)`, `x[-2:]` | [`x.slice(1, 1..3)`](crate::Var::slice), `x.slice(0, -2..)` |
//! | `x[i]`, `x[:, j]` | [`x.row(i)`](crate::Var::row), [`x.select(1, j)`](crate::Var::select) |
//! | `index_select(0, i)` | [`x.index_select(0, [2, 0])`](crate::Var::index_select) |
//! | `gather(1, i)` | [`x.gather(1, [[2], [0]])`](crate::Var::gather), of a list [`Indices::new(&i, [2, 1])`](crate::ops::Indices) |
//!
//! ## Operations
//!
//! | PyTorch | here |
//! |---|---|
//! | `log`, `log1p`, `expm1` | [`ln`](crate::Var::ln), [`ln_1p`](crate::Var::ln_1p), [`exp_m1`](crate::Var::exp_m1) |
//! | `x ** 3`, `x ** 0.5`, `x ** y` | [`x.powi(3)`](crate::Var::powi), [`x.powf(0.5)`](crate::Var::powf), [`x.pow(y)`](crate::Var::pow) |
//! | `x > y` | [`x.gt(y)`](crate::Var::gt), and `ge`, `lt`, `le`, `eq`, `ne`: 1 or 0, without gradient |
//! | `where(x > 0, a, b)` | on the condition: [`x.gt(0.0).where_cond(a, b)`](crate::Var::where_cond) |
//! | `clamp(x, 0, 1)`, `clamp(x, min=0)` | [`x.clamp(0.0, 1.0)`](crate::Var::clamp), `x.clamp(0.0, f64::INFINITY)` |
//! | `x @ y`, `x @ y.T` | [`x.matmul(y)`](crate::Var::matmul), [`x.matmul_t(y)`](crate::Var::matmul_t) |
//! | `F.gelu(x)`, with `approximate="tanh"` | [`x.gelu()`](crate::Var::gelu), [`x.gelu_tanh()`](crate::Var::gelu_tanh) |
//! | `softmax(x, dim=-1)`, `log_softmax` | [`x.softmax(-1)`](crate::Var::softmax), [`x.log_softmax(-1)`](crate::Var::log_softmax) |
//!
//! ## Reductions
//!
//! | PyTorch | here |
//! |---|---|
//! | `x.sum()`, `x.sum(1)`, `x.sum(1, keepdim=True)` | `x.sum()`, [`x.sum_axis(1)`](crate::Var::sum_axis), `x.sum_keepdim(1)` |
//! | `mean(1)`, `amax(1)`, `logsumexp(x, 1)` | [`mean_axis`](crate::Var::mean_axis), [`max_axis`](crate::Var::max_axis), `logsumexp_axis` |
//! | `x.max(1)`, a pair | `x.max_axis(1)` and `x.argmax(1)`; ties share the gradient, as with `amax` |
//! | `x.argmax(1)` | [`x.argmax(1)`](crate::Var::argmax), in floats; as `usize`, of the last axis, `x.value().argmax_rows()` |
//! | `x.var()`, over n − 1 | [`x.variance_axis(.., 1)`](crate::Var::variance_axis); [`x.variance()`](crate::Var::variance) divides by n |
//!
//! ## Modules
//!
//! | PyTorch | here |
//! |---|---|
//! | `nn.Module`, `forward` | a struct of layers, [`Module`](crate::nn::Module) |
//! | `nn.Linear(4, 8)` | [`Linear::new(&mut init.scope("hidden"), 4, 8)`](crate::nn::Linear), with the same start |
//! | `nn.Sequential(..)` | [`Sequential::builder(&mut init).linear(4, 8).relu().build()`](crate::nn::Sequential) |
//! | `nn.Dropout(0.3)`, `F.dropout` | [`x.dropout(0.3)`](crate::Var::dropout), on training tapes only; [`Dropout`](crate::nn::Dropout) |
//! | `nn.Parameter(t)` | [`init.value("scale", t)`](crate::Init::value) |
//! | `nn.init.kaiming_normal_` | `params.init(&mut rng).weights(Scheme::kaiming_normal())`, [`Scheme`](crate::Scheme) |
//! | `train()`, `eval()`, `no_grad` | `Tape::training`, `Tape::eval`, `Tape::inference`: see [`Tape`](crate::Tape) |
//! | `p.requires_grad_(False)` | [`params.freeze("body")`](crate::Params::freeze), and `unfreeze` |
//! | `named_parameters()` | [`params.iter()`](crate::Params::iter); one is `params[id]` or `params["hidden.weight"]` |
//! | `p.grad` | `grads[id]`, `grads["hidden.weight"]`, all [`grads.iter()`](crate::Gradients::iter); an option [`grads.param(id)`](crate::Gradients::param) |
//!
//! ## Losses
//!
//! A loss takes the mean; its type of the same name has the settings. A target of another shape is refused, not broadcast, unless it is a single
//! number.
//!
//! | PyTorch | here |
//! |---|---|
//! | `F.cross_entropy(x, labels)` | [`cross_entropy(x, &labels)`](crate::loss::cross_entropy) |
//! | with `label_smoothing=0.1` | [`CrossEntropy::new().label_smoothing(0.1).of(x, &labels)`](crate::loss::CrossEntropy) |
//! | with `weight=w`, `ignore_index=9` | `.class_weights(w)`, `.ignore_index(9)` before `of` |
//! | `BCEWithLogitsLoss()` | [`bce_with_logits(x, y)`](crate::loss::bce_with_logits) |
//! | `BCELoss`, `MSELoss`, `L1Loss` | [`bce`](crate::loss::bce), [`mse`](crate::loss::mse), [`l1`](crate::loss::l1) |
//! | `HuberLoss(delta=d)`, `SmoothL1Loss(beta=d)` | [`Huber::new().delta(d).of(x, y)`](crate::loss::Huber), and the same divided by d |
//! | `reduction="sum"` | [`Mse::new().reduction(Reduction::Sum).of(x, y)`](crate::loss::Reduction) |
//!
//! ## Optimizers
//!
//! | PyTorch | here |
//! |---|---|
//! | `SGD(ps, lr=0.1, momentum=0.9, nesterov=True)` | [`Sgd::new(0.1).momentum(0.9).nesterov()`](crate::optim::Sgd) |
//! | `Adam(ps, betas=(b1, b2))` | [`Adam::new(1e-3).betas(b1, b2)`](crate::optim::Adam) |
//! | `AdamW(ps, weight_decay=d)` | [`AdamW::new(1e-3).weight_decay(d)`](crate::optim::AdamW) |
//! | biases without decay | `.group(Group::matching(\|n\| n.ends_with("bias")).weight_decay(0.0))`, [`Group`](crate::optim::Group) |
//! | `opt.step()`, `opt.zero_grad()` | `opt.step(&mut params, &grads)`, and nothing |
//! | `clip_grad_norm_(ps, 1.0)` | [`clip_grad_norm(&mut grads, 1.0)`](crate::optim::clip_grad_norm) |
//! | `group["lr"]` | [`opt.learning_rate()`](crate::optim::Optimizer::learning_rate), `opt.set_learning_rate(rate)` |
//! | `lr_scheduler.*` | [`schedule`](crate::optim::schedule)`::*`: `opt.set_learning_rate(cosine.rate(epoch))` |
//! | `p.data -= 0.1 * p.grad` | `*params.value_mut(id) -= &grads[id] * 0.1` |
//! | two `backward()` and one `step()` | `first + second`, `* 0.5` for the mean: [`Gradients`](crate::Gradients) |
//!
//! ## Training and files
//!
//! | PyTorch | here |
//! |---|---|
//! | `DataLoader(data, 32, shuffle=True)` | [`DataLoader::new(x, y, 32)?.shuffle(true)`](crate::data::DataLoader), and `.drop_last(true)` |
//! | `for x, y in loader` | `for (x, y) in loader.epoch(&mut rng)`, in the order of the rows `loader.batches()` |
//! | `random_split` | [`Split::random(n, 0.2, &mut rng)?.of(&x)`](crate::data::Split::random) |
//! | scikit-learn’s `train_test_split` | [`train_test_split`](crate::data::train_test_split) of a table, stratified always |
//! | `torch.manual_seed(42)` | [`Rng::new(42)`](crate::Rng), handed to whatever draws |
//! | `state_dict`, `save`, `load` | [`save_params`](crate::data::save_params), [`load_params`](crate::data::load_params): safetensors |
//! | `autograd.detect_anomaly()` | [`tape.watch()`](crate::Tape::watch), forward too |
//! | `torchviz.make_dot(loss)` | [`tape.explain(loss)`](crate::Tape::explain), its `graph()` and `html()` |
//!
//! What `safetensors.torch.save_file(model.state_dict(), path)` writes is read here, and the other way round. `.pt` files, which are zip
//! archives of pickles, are not read.
//!
//! ## Gradients of gradients
//!
//! | PyTorch | here |
//! |---|---|
//! | `y.backward(v)`, `x.retain_grad()` | [`y.backward_with(v)`](crate::Var::backward_with), [`x.keep_grad()`](crate::Var::keep_grad) |
//! | `retain_graph=True` | nothing: one may go back on a tape as often as one likes |
//! | `autograd.grad(y, [a, b], create_graph=True)` | [`tape.grad(y, &[a, b])`](crate::Tape::grad), of one [`y.grad(a)`](crate::Var::grad) |
//! | `autograd.functional.jacobian`, `hessian`, `hvp` | the same in [`grad`](crate::grad), in `f64`; of several inputs `grad` and `vjp` |
//! | `gradcheck` | [`gradcheck`](crate::grad::gradcheck), of a model [`gradcheck_model`](crate::grad::gradcheck_model) |
//! | `gradgradcheck` | [`GradCheck::new().order(2)`](crate::grad::GradCheck::order) |
//! | `autograd.Function` | [an operation of your own](super::own_op) |
//! | `x.register_hook(f)`, `handle.remove()` | [`tape.hook(x, f)`](crate::Tape::hook), [`tape.unhook(hook)`](crate::Tape::unhook) |
//!
//! # What is not built
//!
//! Convolution and pooling, normalisation, embedding, attention, recurrent layers; `einsum`, `sort`, `topk` and `scatter`; numbers other
//! than `f32` and `f64`, devices other than the processor, forward mode. Two of these are short: a layer that normalises each row, and a
//! table of rows to look up.
//!
//! ```
//! use std::sync::Arc;
//! use wengert::prelude::*;
//!
//! struct LayerNorm {
//!     name: Arc<str>,
//!     weight: ParamId,
//!     bias: ParamId,
//! }
//!
//! impl LayerNorm {
//!     fn new<T: Float>(init: &mut Init<T>, width: usize) -> Self {
//!         let weight = init.param("weight", [width], Scheme::Constant(1.0));
//!         let bias = init.param("bias", [width], Scheme::Constant(0.0));
//!         LayerNorm { name: init.path().into(), weight, bias }
//!     }
//! }
//!
//! impl<T: Float> Module<T> for LayerNorm {
//!     #[track_caller] // a mistake is blamed on the line that called
//!     fn forward<'t>(&self, x: Var<'t, T>) -> Var<'t, T> {
//!         let tape = x.tape();
//!         let _layer = tape.layer(self.name.clone()); // until the end of `forward`
//!         let deviation = (x.variance_keepdim(-1, 0) + T::from_f64(1e-5)).sqrt();
//!         (x - x.mean_keepdim(-1)) / deviation * tape.param(self.weight) + tape.param(self.bias)
//!     }
//! }
//!
//! struct Embedding {
//!     name: Arc<str>,
//!     weight: ParamId,
//! }
//!
//! impl Embedding {
//!     fn new<T: Float>(init: &mut Init<T>, rows: usize, width: usize) -> Self {
//!         let weight = init.param("weight", [rows, width], Scheme::Normal { mean: 0.0, std: 1.0 });
//!         Embedding { name: init.path().into(), weight }
//!     }
//!
//!     #[track_caller]
//!     fn forward<'t, T: Float>(&self, tape: &'t Tape<T>, words: &[usize]) -> Var<'t, T> {
//!         let _layer = tape.layer(self.name.clone());
//!         tape.param(self.weight).index_select(0, words)
//!     }
//! }
//!
//! let mut rng = Rng::new(0);
//! let mut params: Params = Params::new();
//! let mut init = params.init(&mut rng);
//! let table = Embedding::new(&mut init.scope("words"), 3, 2);
//! let norm = LayerNorm::new(&mut init.scope("norm"), 2);
//! params.set("words.weight", [[1.0, 3.0], [0.0, 0.0], [9.0, 5.0]])?;
//! params.set("norm.bias", [0.0, 10.0])?;
//!
//! let tape = Tape::eval(&params);
//! let x = table.forward(&tape, &[2, 0, 2]);
//! assert_eq!(x.value(), [[9.0, 5.0], [1.0, 3.0], [9.0, 5.0]]);
//! assert_eq!(x.sum().backward()[table.weight], [[1.0, 1.0], [0.0, 0.0], [2.0, 2.0]]);
//! // The rows' means are 7 and 2, their deviations 2 and 1.
//! let expected = Tensor::from([[1.0, 9.0], [-1.0, 11.0], [1.0, 9.0]]);
//! assert!(norm.forward(x).value().max_abs_diff(&expected) < 1e-4);
//! assert_eq!(summary(&norm, &params, [1, 2]).rows[0].layer, "norm");
//! assert_eq!(tape.node(x.id()).layer.as_deref(), Some("words"));
//! # Ok::<(), Error>(())
//! ```
//!
//! They name themselves as [`Linear`](crate::nn::Linear) does: `init.path()` is the name of the scope, and `tape.layer` gives it to what is
//! recorded while its guard lives. So summaries, drawings and messages show it. A word that is not in the table is refused like this:
//!
//! ```text
//! index_select: index[1] = 3 out of range for axis 0 of shape [3, 2]
//!   x: param "words.weight"  [3, 2]
//!   at src/main.rs:52 in layer "words"
//! ```
//!
//! A [`Sequential`](crate::nn::Sequential) takes layers of your own by `.layer(|init| LayerNorm::new(init, 8))`.
//!
//! Before: [A model of one’s own](super::own_model)
