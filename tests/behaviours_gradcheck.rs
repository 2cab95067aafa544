//! What an engine of derivatives has to get right about shapes, special points and higher orders,
//! told by the public tests of others; `behaviours.rs` has the rest and says where they come from.
//!
//! Held elsewhere, by the same numbers:
//! - 42, slices: every entry that a slice, `gather` or `concat` leaves out gets 0 (the samples of `sweep.rs`).
//! - 54, 56, kinks, ties and guarded branches: `behaviours/modes.rs`, and the samples with exact gradients.
//! - 57, the first NaN: `viz_watch.rs`. 59, depth: `engine.rs`. 61, memory and threads: `allocations.rs`, `engine.rs`.
//! - 62 to 64, operations of one's own, wrong rules, hooks: `engine.rs`, `behaviours/modes.rs`.
//! - 66, the checker's own failures: `gradcheck.rs`.

use wengert::grad::hvp;
use wengert::ops;
use wengert::prelude::*;

/// 43. T: opinfo core.py sample_inputs_elementwise_binary; mt test_two_grad_broadcast.
#[test]
fn broadcast_operands_get_gradients_of_their_own_shape() {
    let pairs: [(&[usize], &[usize]); 9] = [
        (&[], &[]),
        (&[5], &[]),
        (&[5, 3], &[]),
        (&[5, 3], &[3]),
        (&[5, 3], &[5, 1]),
        (&[5, 3], &[5, 3]),
        (&[5, 1, 3], &[1, 4, 3]),
        (&[1, 3], &[5, 1]),
        (&[3], &[2, 5, 3]),
    ];
    let mut rng = Rng::new(43);
    for (a, b) in pairs.into_iter().flat_map(|(a, b)| [(a, b), (b, a)]) {
        let (x, y) = (Tensor::rand_in(0.5, 1.5, a, &mut rng), Tensor::rand_in(0.5, 1.5, b, &mut rng));
        gradcheck(|[x, y]| x * y, [&x, &y]).unwrap();
        gradcheck(|[x, y]| x / y, [&x, &y]).unwrap();
        let tape = Tape::f64();
        let (x, y) = (tape.var(x), tape.var(y));
        let gradients = (x - y).sum().backward();
        assert_eq!((gradients[x].shape().dims(), gradients[y].shape().dims()), (a, b));
    }
}

/// 44. T: test_function_returns_input; H: test_singleton_array_output.
#[test]
fn a_number_and_a_list_of_one_number_stay_apart() {
    for shape in [vec![], vec![1]] {
        let tape = Tape::f64();
        let x = tape.var(Tensor::full(shape.clone(), 3.0));
        let y = x * x;
        assert_eq!(y.shape().to_vec(), shape);
        let gradient = y.sum().backward()[x].clone();
        assert_eq!((gradient.shape().to_vec(), gradient.data()[0]), (shape, 6.0));
    }
}

/// 45. T: test_accumulate_grad_with_zero_numel_grad.
#[test]
fn tensors_without_entries_have_gradients() {
    let tape = Tape::f64();
    let (a, b) = (tape.var(Tensor::ones([4, 0])), tape.var(Tensor::ones([4, 1])));
    let y = a + b;
    assert_eq!(y.shape().dims(), [4, 0]);
    let gradients = y.sum().backward();
    assert_eq!(gradients[a], Tensor::zeros([4, 0]));
    assert_eq!(gradients[b], Tensor::zeros([4, 1]));
    assert_eq!(a.sum().item(), 0.0);
    assert!(a.mean().item().is_nan());
}

/// 49. cs249r_book#1781; needle test_matmul_batched_backward.
#[test]
fn products_of_every_pair_of_ranks_have_right_gradients() {
    let mut rng = Rng::new(49);
    let rows: [(&[usize], &[usize], &[usize]); 8] = [
        (&[3], &[3], &[]),
        (&[3], &[3, 2], &[2]),
        (&[4, 3], &[3], &[4]),
        (&[4, 3], &[3, 2], &[4, 2]),
        (&[5, 4, 3], &[3, 2], &[5, 4, 2]),
        (&[5, 4, 3], &[5, 3, 2], &[5, 4, 2]),
        (&[5, 1, 4, 3], &[6, 3, 2], &[5, 6, 4, 2]),
        (&[4, 3], &[5, 3, 2], &[5, 4, 2]),
    ];
    for (a, b, y) in rows {
        let (a, b) = (Tensor::<f64>::randn(a, &mut rng), Tensor::<f64>::randn(b, &mut rng));
        let tape = Tape::f64();
        assert_eq!(tape.var(&a).matmul(tape.var(&b)).shape().dims(), y);
        gradcheck(|[a, b]| a.matmul(b), [a, b]).unwrap();
    }
}

/// 51. T: opinfo _generate_reduction_kwargs; needle test_summation_backward.
#[test]
fn reductions_along_every_axis_have_right_gradients() {
    let x = Tensor::randn([2, 3, 4], &mut Rng::new(51));
    for axis in [-3isize, -2, -1, 0, 1, 2] {
        gradcheck(|[x]| x.sum_axis(axis).sin(), [&x]).unwrap();
        gradcheck(|[x]| x.sum_keepdim(axis) * x, [&x]).unwrap();
        gradcheck(|[x]| x.mean_axis(axis).exp(), [&x]).unwrap();
    }
    gradcheck(|[x]| x.sum() + x.mean(), [2.0]).unwrap();
}

/// 53. T: test_pow_zero_tensor_gradient; H: test_power_arg0, test_power_arg1_zero.
#[test]
fn powers_at_zero_have_the_derivatives_of_their_limits() {
    let tape = Tape::f64();
    let x = tape.var([-1.0, 0.0, 2.0]);
    assert_eq!(x.powi(0).sum().backward()[x], [0.0; 3]);
    assert_eq!(x.powf(0.0).sum().backward()[x], [0.0; 3]);
    assert_eq!(x.powi(0).sum().grad(x).value(), [0.0; 3]);
    assert_eq!(x.powf(0.0).sum().grad(x).value(), [0.0; 3]);
    let (base, b) = (tape.constant([0.0; 3]), tape.var([-1.0, 0.0, 1.0]));
    assert_eq!(base.pow(b).sum().backward()[b], [f64::NEG_INFINITY, 0.0, 0.0]);
}

/// 65. T: test_hessian_vector, test_grad; H: test_third_derivative, test_enclosing_scope_ref.
#[test]
fn derivatives_of_derivatives_are_those_of_the_formula() {
    let tape = Tape::f64();
    let (x, y) = (tape.var(1.0), tape.var(2.0));
    let f = x * x + x * y + y * y;
    let first = tape.grad(f, &[x, y]);
    assert_eq!((first[0].item(), first[1].item()), (4.0, 5.0));
    // H·(1, 1) = (2 + 1, 1 + 2), the same everywhere.
    fn form(v: Var<'_, f64>) -> Var<'_, f64> {
        let (x, y) = (v.slice(0, 0..1), v.slice(0, 1..2));
        (x * x + x * y + y * y).sum()
    }
    assert_eq!(hvp(form, [1.0, 2.0], [1.0, 1.0]), [3.0, 3.0]);
    assert_eq!(x.powi(3).grad(x).grad(x).grad(x).item(), 6.0);
    // x · d/dz (x + z) at z = 1, differentiated by x: 1, and not 2 as when the two are confused.
    let z = tape.var(1.0);
    assert_eq!((x * (x + z).grad(z)).grad(x).item(), 1.0);
}

/// 42. T: test_setitem, with an array put together anew in place of the write.
#[test]
fn entries_that_were_replaced_get_zero_and_the_new_ones_their_part() {
    let tape = Tape::f64();
    let (x, new) = (tape.var([1.0, 2.0, 3.0, 4.0]), tape.var([10.0, 20.0]));
    let y = Var::concat(&[x.slice(0, 0..1), new, x.slice(0, 3..4)], 0);
    let gradients = (y * Tensor::from([1.0, 2.0, 3.0, 4.0])).sum().backward();
    assert_eq!(gradients[x], [1.0, 0.0, 0.0, 4.0]);
    assert_eq!(gradients[new], [2.0, 3.0]);
}

/// The registry has a sample for each of the special points and shapes.
#[test]
fn the_samples_reach_numbers_empty_arrays_and_special_points() {
    let samples = ops::registry();
    let any = |shape: &dyn Fn(&[usize]) -> bool| {
        samples.iter().any(|sample| sample.inputs.iter().any(|x| shape(x.shape().dims())))
    };
    assert!(any(&|dims| dims.is_empty()) && any(&|dims| dims.contains(&0)) && any(&|dims| dims == [1]));
    let special = samples.iter().filter(|sample| sample.gradients.is_some()).count();
    assert!(special >= 20, "{special} samples state their gradients");
}
