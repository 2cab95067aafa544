//! Tensors of rank 0 to 6, zero extents included, through what moves and adds up entries: sums,
//! products, reductions, reshapes, each against its definition written out.

use wengert::prelude::*;

/// Shapes of rank 0 to 6, each also with every axis at 0.
fn shapes() -> Vec<Vec<usize>> {
    let mut shapes = Vec::new();
    for rank in 0..=6 {
        let full = [2, 3, 1, 2, 3, 2][..rank].to_vec();
        shapes.push(full.clone());
        for axis in 0..rank {
            let mut empty = full.clone();
            empty[axis] = 0;
            shapes.push(empty);
        }
    }
    shapes
}

/// Small whole numbers, so that every order of adding them gives the same.
fn whole(shape: &[usize], seed: u64) -> Tensor<f64> {
    let mut rng = Rng::new(seed);
    Tensor::from_fn(shape, |_| rng.below(9) as f64 - 4.0)
}

/// Where an entry of a tensor of shape `to` comes from in one of shape `from` that is broadcast to it.
fn source(mut flat: usize, to: &[usize], from: &[usize]) -> usize {
    let (mut at, mut stride) = (0, 1);
    for (i, &extent) in to.iter().rev().enumerate() {
        let index = flat % extent;
        flat /= extent;
        if let Some(&d) = from.iter().rev().nth(i) {
            at += if d == 1 { 0 } else { index * stride };
            stride *= d;
        }
    }
    at
}

/// What broadcasts to `shape`: itself, every second axis at 1, that without its first axis, a number.
fn partners(shape: &[usize]) -> Vec<Vec<usize>> {
    let thin: Vec<usize> = shape.iter().enumerate().map(|(i, &d)| if i % 2 == 1 { 1 } else { d }).collect();
    let mut partners = vec![shape.to_vec(), thin.clone(), vec![]];
    if let [_, rest @ ..] = &thin[..] {
        partners.push(rest.to_vec());
    }
    partners
}

/// The value of `f` and its gradients with respect to a and b, both ways, against these.
#[track_caller]
fn check_binary(
    what: &str,
    [a, b]: [&Tensor<f64>; 2],
    f: impl for<'t> Fn(Var<'t, f64>, Var<'t, f64>) -> Var<'t, f64>,
    seed: &Tensor<f64>,
    [value, da, db]: [Tensor<f64>; 3],
) {
    let tape = Tape::f64();
    let (x, z) = (tape.var(a), tape.var(b));
    let y = f(x, z);
    let what = format!("{what} of {} and {}", a.shape(), b.shape());
    assert_eq!(y.value(), value, "{what}");
    let grads = y.backward_with(seed);
    assert_eq!((&grads[x], &grads[z]), (&da, &db), "{what}, fused");
    let recorded = tape.grad_with(y, tape.constant(seed), &[x, z]);
    assert_eq!((recorded[0].value(), recorded[1].value()), (da, db), "{what}, recorded");
}

#[test]
fn sums_and_products_of_every_rank_broadcast() {
    for (n, shape) in shapes().iter().enumerate() {
        for partner in partners(shape) {
            let (a, b, seed) =
                (whole(shape, n as u64), whole(&partner, n as u64 + 1), whole(shape, n as u64 + 2));
            let at = |i: usize| b.data()[source(i, shape, &partner)];
            let summed = |f: &dyn Fn(usize) -> f64| {
                let mut sum = Tensor::zeros(&partner[..]);
                (0..seed.numel()).for_each(|i| sum.data_mut()[source(i, shape, &partner)] += f(i));
                sum
            };
            let each = |f: &dyn Fn(usize) -> f64| Tensor::from_fn(&shape[..], f);
            let (x, s) = (a.data(), seed.data());
            let exact = [each(&|i| x[i] + at(i)), seed.clone(), summed(&|i| s[i])];
            check_binary("a + b", [&a, &b], |a, b| a + b, &seed, exact);
            let exact = [each(&|i| x[i] * at(i)), each(&|i| s[i] * at(i)), summed(&|i| s[i] * x[i])];
            check_binary("a · b", [&a, &b], |a, b| a * b, &seed, exact);
            // b twice, so that what was broadcast is added to what is there.
            let exact =
                [each(&|i| (x[i] + 1.0) * at(i)), each(&|i| s[i] * at(i)), summed(&|i| s[i] * x[i] + s[i])];
            check_binary("a · b + b", [&a, &b], |a, b| a * b + b, &seed, exact);
        }
    }
}

/// C ← A·B by its definition, the axes in front broadcast to those of C.
fn matmul_naive(a: &Tensor<f64>, b: &Tensor<f64>, c: &[usize]) -> Tensor<f64> {
    let split = |s: &[usize]| (s[..s.len() - 2].to_vec(), s[s.len() - 2], s[s.len() - 1]);
    let ((batch_a, _, k), (batch_b, ..), (batch, m, n)) = (split(a.shape()), split(b.shape()), split(c));
    Tensor::from_fn(c, |flat| {
        let (stack, i, j) = (flat / (m * n), flat / n % m, flat % n);
        let (p, q) = (source(stack, &batch, &batch_a), source(stack, &batch, &batch_b));
        (0..k).map(|l| a.data()[(p * m + i) * k + l] * b.data()[(q * k + l) * n + j]).sum()
    })
}

/// Every matrix of a stack transposed.
fn transposed(a: &Tensor<f64>) -> Tensor<f64> {
    let &[ref batch @ .., m, n] = a.shape().dims() else { unreachable!("a stack of matrices") };
    let shape = [batch, &[n, m]].concat();
    Tensor::from_fn(&shape[..], |flat| {
        let (stack, j, i) = (flat / (m * n), flat / m % n, flat % m);
        a.data()[(stack * m + i) * n + j]
    })
}

/// The sum over the axes along which `to` was broadcast.
fn summed(x: &Tensor<f64>, to: &Shape) -> Tensor<f64> {
    let mut sum = Tensor::zeros(to);
    for (i, &x_i) in x.data().iter().enumerate() {
        sum.data_mut()[source(i, x.shape(), to)] += x_i;
    }
    sum
}

#[test]
fn products_of_stacks_of_matrices_of_every_rank_broadcast() {
    for (seed, shape) in shapes().iter().filter(|shape| shape.len() >= 2).enumerate() {
        let (batch, &[m, k]) = shape.split_last_chunk().expect("two axes");
        for columns in [0, 1, 4] {
            for partner in partners(batch) {
                let seed = seed as u64;
                let a = whole(shape, seed);
                let b = whole(&[&partner[..], &[k, columns]].concat(), seed + 1);
                let c = [batch, &[m, columns]].concat();
                let g = whole(&c, seed + 2);
                // Ā = Ḡ·Bᵀ, B̄ = Aᵀ·Ḡ, summed over what was broadcast.
                let da = matmul_naive(&g, &transposed(&b), shape);
                let db = matmul_naive(&transposed(&a), &g, &[batch, &[k, columns]].concat());
                let exact = [matmul_naive(&a, &b, &c), da, summed(&db, b.shape())];
                check_binary("matmul", [&a, &b], |a, b| a.matmul(b), &g, exact);
                // The smaller stack on the left: (AB)ᵀ = BᵀAᵀ.
                let (at, bt, gt) = (transposed(&a), transposed(&b), transposed(&g));
                let product = transposed(&matmul_naive(&a, &b, &c));
                let da = transposed(&matmul_naive(&g, &transposed(&b), shape));
                let exact = [product, transposed(&summed(&db, b.shape())), da];
                check_binary("matmul", [&bt, &at], |b, a| b.matmul(a), &gt, exact);
            }
        }
    }
}

#[test]
fn reductions_and_reshapes_of_every_rank_keep_their_entries() {
    for (n, shape) in shapes().iter().enumerate() {
        let x = whole(shape, n as u64);
        let tape = Tape::f64();
        let v = tape.var(&x);
        let axes = (0..shape.len()).map(|axis| {
            let kept: Vec<usize> =
                shape.iter().enumerate().map(|(i, &d)| if i == axis { 1 } else { d }).collect();
            (v.sum_axis(axis), v.sum_keepdim(axis), v.sum_axis(axis as isize - shape.len() as isize), kept)
        });
        for (axis, (dropped, keepdim, from_the_end, kept)) in axes.enumerate() {
            let exact = summed(&x, &Shape::new(&kept));
            let what = format!("sum over axis {axis} of {shape:?}");
            assert_eq!(keepdim.value(), exact, "{what}");
            assert_eq!(dropped.value().data(), exact.data(), "{what}");
            assert_eq!(dropped.value(), from_the_end.value(), "{what}");
            assert_eq!(dropped.rank() + 1, shape.len(), "{what}");
            let seed = whole(&kept, 1);
            let spread = Tensor::from_fn(&shape[..], |i| seed.data()[source(i, shape, &kept)]);
            assert_eq!(keepdim.backward_with(&seed)[v], spread, "{what}");
            assert_eq!(tape.grad_with(keepdim, tape.constant(&seed), &[v])[0].value(), spread, "{what}");
        }
        assert_eq!(v.sum().item(), x.data().iter().sum::<f64>());
        assert_eq!(v.sum().backward()[v], Tensor::ones(&shape[..]));

        let flat = v.flatten();
        let seed = whole(&[x.numel()], 2);
        assert_eq!((flat.value().data(), flat.rank()), (x.data(), 1));
        assert_eq!(flat.backward_with(&seed)[v], seed.reshape(&shape[..]), "{shape:?}");
        let back = flat.reshape(&shape[..]).unsqueeze(0).squeeze(0);
        assert_eq!(back.value(), x);
        assert_eq!(tape.grad_with(back, v, &[v])[0].value(), x, "{shape:?}");
    }
}

#[test]
fn a_single_number_and_a_list_of_one_stay_apart() {
    let tape = Tape::new();
    let (number, list) = (tape.var(2.0), tape.var([2.0]));
    assert_eq!((number.square().rank(), list.square().rank()), (0, 1));
    let grads = (number * list).sum().backward();
    assert_eq!((grads[number].rank(), grads[list].rank()), (0, 1));
    assert_eq!((number * list).rank(), 1);
}
