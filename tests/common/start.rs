use wengert::prelude::*;

/// A small network with dropout on a small problem, as it stands before a training.
pub struct Start {
    pub rng: Rng,
    pub params: Params<f64>,
    pub model: Mlp,
    pub train: DataLoader<(Tensor<f64>, Vec<usize>)>,
    pub valid: DataLoader<(Tensor<f64>, Vec<usize>)>,
}

pub fn start() -> Start {
    let mut rng = Rng::new(7);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [3, 8, 2]).dropout(0.25);
    let mut data = |rows: usize, batch: usize| {
        let x = Tensor::randn([rows, 3], &mut rng);
        let labels = (0..rows).map(|i| usize::from(x.row(i)[0] * x.row(i)[1] > 0.0)).collect();
        DataLoader::new(x, labels, batch).unwrap()
    };
    let (train, valid) = (data(22, 8).shuffle(true), data(10, 4));
    Start { rng, params, model, train, valid }
}

pub type Batch = (Tensor<f64>, Vec<usize>);

pub fn loss<'t>(model: &Mlp, tape: &'t Tape<'t, f64>, (x, labels): &Batch) -> Var<'t, f64> {
    cross_entropy(model.forward(tape.constant(x)), labels)
}

#[track_caller]
pub fn same(a: &Params<f64>, b: &Params<f64>) {
    for ((name, x), (_, y)) in a.iter().zip(b.iter()) {
        assert!(x.data().iter().zip(y.data()).all(|(x, y)| x.to_bits() == y.to_bits()), "{name}: {x} {y}");
    }
}
