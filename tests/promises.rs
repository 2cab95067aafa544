//! What the crate promises of threads, depth and size, held by programs that would show it broken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::{env, fs, thread};
use wengert::nn::Activation;
use wengert::prelude::*;

/// The bits of every parameter after a training with dropout, in products large enough to be shared
/// between threads.
fn trained<T: Float>(seed: u64, steps: usize) -> Vec<u64> {
    trained_of::<T>([256, 160], seed, steps)
}

/// On so many rows, with so many hidden neurons.
fn trained_of<T: Float>([rows, width]: [usize; 2], seed: u64, steps: usize) -> Vec<u64> {
    let (mut rng, mut params) = (Rng::new(seed), Params::<T>::new());
    let model = Mlp::new(&mut params.init(&mut rng), [128, width, 10]).dropout(0.3);
    let x = Tensor::randn([rows, 128], &mut rng);
    let labels: Vec<usize> = (0..rows).map(|i| i % 10).collect();
    let mut adam = Adam::new(1e-2);
    for _ in 0..steps {
        let tape = Tape::training(&params, &mut rng);
        let grads = cross_entropy(model.forward(tape.constant(&x)), &labels).backward();
        adam.step(&mut params, &grads);
    }
    params.iter().flat_map(|(_, value)| value.data().iter().map(|x| x.bits())).collect()
}

/// On so many threads. The number is the whole program's: one test after the other sets it.
fn on<R>(threads: usize, f: impl FnOnce() -> R) -> R {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = wengert::num_threads();
    wengert::set_num_threads(threads);
    let result = f();
    wengert::set_num_threads(before);
    result
}

fn same_bits<T: Float>(size: [usize; 2], steps: usize, repeats: usize) {
    let trained = |seed| trained_of::<T>(size, seed, steps);
    let one = on(1, || trained(1));
    assert!(one != on(1, || trained(2)), "the seed makes no difference");
    let before = trained_of::<T>(size, 1, 0);
    let moved = one.iter().zip(&before).filter(|(a, b)| a != b).count();
    assert!(moved > one.len() / 2, "{moved} of {} numbers were trained", one.len());
    for threads in [1, 2, 3, 4, 8] {
        for repeat in 0..repeats {
            assert!(on(threads, || trained(1)) == one, "{threads} threads, repeat {repeat}");
        }
    }
}

#[test]
fn every_number_of_threads_trains_the_same_bits() {
    // Eight shares of a product, four of a step of the optimizer.
    same_bits::<f32>([32, 1024], 2, 1);
    same_bits::<f64>([32, 1024], 2, 1);
}

#[test]
#[ignore = "in release"]
fn twenty_repeats_on_every_number_of_threads_train_the_same_bits() {
    // Enough for eight shares of a product, and of a step of the optimizer.
    same_bits::<f32>([256, 2048], 2, 20);
    same_bits::<f64>([256, 2048], 2, 20);
}

/// What there is to differ in: every activation, products shared between threads and not, dropout, both types.
fn bits_of_many_trainings() -> Vec<u8> {
    fn small<T: Float>(activation: Activation) -> Vec<u64> {
        let (mut rng, mut params) = (Rng::new(5), Params::<T>::new());
        let model = Mlp::new(&mut params.init(&mut rng), [7, 19, 3]).activation(activation).dropout(0.2);
        let x = Tensor::randn([33, 7], &mut rng);
        let labels: Vec<usize> = (0..33).map(|i| i % 3).collect();
        let (mut adam, mut sgd) = (AdamW::new(1e-2), Sgd::new(0.05).momentum(0.9).nesterov());
        for step in 0..20 {
            let tape = Tape::training(&params, &mut rng);
            let grads = cross_entropy(model.forward(tape.constant(&x)), &labels).backward();
            if step % 2 == 0 { adam.step(&mut params, &grads) } else { sgd.step(&mut params, &grads) }
        }
        params.iter().flat_map(|(_, value)| value.data().iter().map(|x| x.bits())).collect()
    }
    use Activation::*;
    let plain = [Identity, Relu, Gelu, GeluTanh, Silu, Softplus, Sigmoid, Tanh];
    let set = [LeakyRelu(0.1), Elu(1.5), Softmax(-1), LogSoftmax(-1)];
    let each = plain.into_iter().chain(set).flat_map(|a| [small::<f32>(a), small::<f64>(a)]);
    let large = [trained::<f32>(1, 2), trained::<f64>(1, 2)];
    each.chain(large).flatten().flat_map(u64::to_le_bytes).collect()
}

/// Where the test below, built the other way, puts its bits.
const BITS_TO: &str = "WENGERT_TEST_BITS_TO";

#[test]
#[ignore = "builds itself anew, in debug; in release"]
fn a_debug_build_trains_the_bits_of_a_release_build() {
    let bits = bits_of_many_trainings();
    if let Some(path) = env::var_os(BITS_TO) {
        return fs::write(path, bits).unwrap();
    }
    let path = env::temp_dir().join(format!("wengert-bits-{}", std::process::id()));
    let other_build: &[&str] = if cfg!(debug_assertions) { &["--release"] } else { &[] };
    let output = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args(["test", "--test", "promises"])
        .args(other_build)
        .args(["--", "--ignored", "--exact", "a_debug_build_trains_the_bits_of_a_release_build"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env(BITS_TO, &path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let others = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();
    assert!(bits.len() > 100_000 && bits == others);
}

#[test]
fn values_may_go_from_thread_to_thread() {
    fn shared<A: Send + Sync>() {}
    shared::<Tensor<f32>>();
    shared::<Params<f64>>();
    shared::<Gradients<f32>>();
}

#[test]
fn sixteen_threads_train_as_each_would_alone() {
    let alone: Vec<_> = (0..16).map(|seed| trained::<f32>(seed, 1)).collect();
    let run = |seed| {
        move || {
            // One that fails in the middle leaves the others, and the helpers, as they were.
            if seed % 5 == 4 {
                let failed = catch_unwind(AssertUnwindSafe(|| {
                    let tape = Tape::new();
                    let _ = tape.var(Tensor::ones([300, 300])).matmul(tape.var(Tensor::ones([2, 2])));
                }));
                assert!(failed.is_err());
            }
            trained::<f32>(seed, 1)
        }
    };
    // Products are shared, too: the helpers work for whoever comes first.
    on(4, || {
        let together: Vec<_> = (0..16).map(|seed| thread::spawn(run(seed))).collect();
        for (seed, (thread, alone)) in together.into_iter().zip(alone).enumerate() {
            assert!(thread.join().unwrap() == alone, "seed {seed}");
        }
    });
}

/// x ← x + c, n times, of a variable: value x₀ + nc and derivative 1, exactly; on a stack of 256 KiB.
/// Then x ← x + x₀, n times: value (n + 1)·x₀ and derivative n + 1.
fn deep(n: usize) {
    let run = move || {
        let tape = Tape::f64();
        let x = tape.var(0.5);
        let mut y = x;
        for _ in 0..n {
            y += 0.25;
        }
        assert_eq!(y.item(), 0.5 + 0.25 * n as f64);
        assert_eq!(y.backward()[x].item(), 1.0);
        assert!(tape.len() > n);

        let tape = Tape::f64();
        let x = tape.var(0.5);
        let mut y = x;
        for _ in 0..n {
            y += x;
        }
        assert_eq!(y.item(), 0.5 * (n + 1) as f64);
        assert_eq!(y.backward()[x].item(), (n + 1) as f64);
        if n <= 1_000_000 {
            // Recorded, which takes as many nodes again.
            assert_eq!(y.grad(x).item(), (n + 1) as f64);
        }
    };
    thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn a_million_nodes_need_no_stack() {
    deep(1_000_000);
}

#[test]
#[ignore = "takes 3 GB; in release"]
fn ten_million_nodes_need_no_stack() {
    deep(10_000_000);
}

#[track_caller]
fn panics(f: impl FnOnce() + Send, why: &str) {
    let cause = catch_unwind(AssertUnwindSafe(f)).expect_err(why);
    let text = cause.downcast_ref::<String>().expect("a text");
    assert!(text.contains(why), "{text}");
}

#[test]
fn a_shape_whose_product_overflows_is_refused() {
    let why = "more entries than memory can hold";
    panics(|| drop(Tensor::<f32>::zeros([1 << 32, 1 << 32])), why);
    panics(|| drop(Tensor::<f32>::ones([usize::MAX, 3])), why);
    panics(|| drop(Tensor::<f64>::rand([1 << 21, 1 << 21, 1 << 21], &mut Rng::new(0))), why);
    panics(|| drop(Tensor::<f32>::from_vec(vec![], [1 << 32, 1 << 32])), "do not fill shape");
    panics(|| drop(Tensor::<f32>::build([1 << 32, 1 << 32], |_| ())), why);
    // Operands of no entries whose result would have too many.
    let tall = || Tensor::<f32>::zeros([1 << 32, 0]);
    panics(
        || {
            let tape = Tape::new();
            let _ = tape.constant(tall()).matmul_t(tape.constant(tall()));
        },
        why,
    );
    panics(
        || {
            let tape = Tape::new();
            let x = tape.constant(Tensor::<f32>::ones([1, 1]));
            let _ = x.expand([1isize << 32, 1 << 32]);
        },
        why,
    );
    assert_eq!(Tensor::<f32>::zeros([0, usize::MAX, usize::MAX]).numel(), 0);
}

/// 16 GiB of addresses, of which only what is written to takes memory: fresh pages are 0, and all the same one.
#[test]
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[ignore = "reads 16 GiB of zeros; in release"]
fn more_entries_than_32_bits_can_count_are_not_wrapped() {
    let (rows, columns) = (1usize << 16, (1usize << 16) + 1);
    if cfg!(debug_assertions) {
        return eprintln!("skipped: a debug build writes NaN into every new buffer");
    }
    if Vec::<f32>::new().try_reserve_exact(5 << 30).is_err() {
        return eprintln!("skipped: this system does not give away 20 GiB of addresses");
    }
    let far = (1usize << 32) + 3;
    let x = Tensor::<f32>::build([rows, columns], |x| x[far] = 2.0);
    assert_eq!((x.numel(), x.data()[far], x.data()[3]), ((1 << 32) + (1 << 16), 2.0, 0.0));
    let mut last = vec![0.0; columns];
    last[far % columns] = 2.0;
    assert!(x.row(rows - 1) == last && x.row(0)[..8] == [0.0; 8]);
    assert_eq!(x.argmax_rows()[rows - 1], far % columns);

    let params = Params::new();
    let tape = Tape::inference(&params);
    let x = tape.constant(&x);
    assert_eq!(x.sum().item(), 2.0);
    assert_eq!(x.max().item(), 2.0);
    assert_eq!(x.mean().item(), (2.0 / (far - 3 + 65536) as f64) as f32);
    let ones = tape.constant(Tensor::ones([columns, 1]));
    assert_eq!(x.matmul(ones).sum().item(), 2.0);
    assert_eq!(x.matmul(ones).value().data()[rows - 1], 2.0);
    assert_eq!(x.sum_axis(1).value().data()[rows - 1], 2.0);
    assert_eq!(x.sum_axis(0).value().data(), last);
    assert_eq!(x.slice(0, rows - 1..).value().data(), last);
    assert_eq!(x.index_select(0, [0, rows - 1]).sum_axis(1).value(), [0.0, 2.0]);

    // Backward through it, to what is small. A gradient of as many entries would be 16 GiB that are written to, which few
    // machines have to spare.
    let tape = Tape::new();
    let (w, b) = (tape.var(Tensor::ones([1, columns])), tape.var([0.5]));
    let grads = tape.constant(x.value()).linear(w, Some(b)).sum().backward();
    assert_eq!((grads[w].data(), grads[b].item()), (&last[..], rows as f32));
}
