//! Checkpoints: the same bits after an interruption, and no harm from files that are not what they should be.

#[path = "common/folder.rs"]
mod folder;

use folder::Folder;
use std::fs;
use std::path::Path;
use std::process::Command;
use wengert::data::{Checkpoint, load_params, load_params_below, save_params};
use wengert::error::ErrorKind;
use wengert::optim::State;
use wengert::optim::schedule::{
    Chained, Constant, CosineAnnealing, CosineWarmRestarts, Exponential, Lambda, LinearRamp, MultiStep,
    OneCycle, Polynomial, ReduceOnPlateau, Step,
};
use wengert::prelude::*;
use wengert::train::{Callback, EarlyStopping, SaveBest, SaveEvery, Trainer};

/// A training with dropout, of an optimizer and a schedule by their places in the table.
struct Run {
    rng: Rng,
    params: Params,
    model: Mlp,
    optimizer: Box<dyn Optimizer>,
    loader: DataLoader<(Tensor, Vec<usize>)>,
}

const EPOCHS: usize = 6;
const STEPS: usize = EPOCHS * 3;

/// An optimizer, made anew.
type Make = fn() -> Box<dyn Optimizer>;

fn run(optimizer: Make) -> Run {
    hidden(5, optimizer)
}

fn hidden(width: usize, optimizer: Make) -> Run {
    let mut rng = Rng::new(3);
    let mut params = Params::new();
    let model = Mlp::new(&mut params.init(&mut rng), [3, width, 2]).dropout(0.3);
    let x = Tensor::randn([20, 3], &mut rng);
    let labels = (0..20).map(|i| usize::from(x.row(i)[0] > x.row(i)[1])).collect();
    let loader = DataLoader::new(x, labels, 8).unwrap().shuffle(true);
    Run { rng, params, model, optimizer: optimizer(), loader }
}

type Set = for<'a> fn(Trainer<'a>) -> Result<Trainer<'a>, Error>;
const PLAIN: Set = |trainer| Ok(trainer);

impl Run {
    /// Trains to an epoch, from a file if there is one, and returns the whole state as bytes.
    fn train(&mut self, set: Set, from: Option<&Path>, epochs: usize, save: Option<&Path>) -> Vec<u8> {
        let Run { rng, params, model, optimizer, loader } = self;
        let mut trainer = set(Trainer::new(params, optimizer.as_mut(), rng)).unwrap();
        if let Some(path) = save {
            trainer = trainer.callback(SaveEvery::new(epochs, path).unwrap());
        }
        if let Some(path) = from {
            trainer.resume(path).unwrap();
        }
        let fitted = trainer.fit((&*loader, &*loader), epochs, |tape, (x, labels)| {
            cross_entropy(model.forward(tape.constant(x)), labels)
        });
        assert_eq!(fitted.unwrap().len(), epochs);
        trainer.checkpoint().to_bytes().unwrap()
    }
}

const OPTIMIZERS: [(&str, Make); 11] = [
    ("SGD", || Box::new(Sgd::new(0.1))),
    ("SGD, Nesterov", || Box::new(Sgd::new(0.1).momentum(0.9).nesterov().weight_decay(0.01))),
    ("SGD, dampening", || Box::new(Sgd::new(0.1).momentum(0.9).dampening(0.5))),
    ("Adam", || Box::new(Adam::new(0.1))),
    ("Adam, AMSGrad", || Box::new(Adam::new(0.1).amsgrad())),
    ("AdamW", || {
        let no_decay = Group::matching(|name| name.ends_with("bias")).weight_decay(0.0);
        Box::new(AdamW::new(0.1).group(no_decay).group(Group::scope("layers.1").learning_rate_scale(0.5)))
    }),
    ("RMSprop", || Box::new(RmsProp::new(0.01))),
    ("RMSprop, centred", || Box::new(RmsProp::new(0.01).momentum(0.5).centered())),
    ("Adagrad", || Box::new(Adagrad::new(0.1).learning_rate_decay(0.1).initial_accumulator_value(0.1))),
    ("NAdam", || Box::new(NAdam::new(0.1))),
    ("RAdam", || Box::new(RAdam::new(0.1))),
];

const SCHEDULES: [(&str, Set); 14] = [
    ("none", PLAIN),
    ("constant", |t| Ok(t.schedule(Constant::new(0.05)?))),
    ("step", |t| Ok(t.schedule(Step::new(0.1, 2, 0.5)?))),
    ("multi-step", |t| Ok(t.schedule(MultiStep::new(0.1, [2, 4], 0.5)?))),
    ("exponential", |t| Ok(t.schedule(Exponential::new(0.1, 0.7)?))),
    ("polynomial", |t| Ok(t.schedule(Polynomial::new(0.1, EPOCHS, 2.0)?))),
    ("linear", |t| Ok(t.schedule(LinearRamp::warm_up(0.1, 0.1, 4)?))),
    ("cosine", |t| Ok(t.schedule(CosineAnnealing::new(0.1, EPOCHS)?))),
    ("warm restarts", |t| Ok(t.schedule(CosineWarmRestarts::new(0.1, 2)?))),
    ("one cycle", |t| Ok(t.schedule_steps(OneCycle::new(0.1, STEPS)?))),
    ("lambda", |t| Ok(t.schedule_steps(Lambda::new(0.1, |t| 1.0 / (1.0 + t as f64))?))),
    ("chained", |t| {
        Ok(t.schedule(Chained::new(LinearRamp::warm_up(0.1, 0.1, 2)?).then(2, Exponential::new(0.1, 0.5)?)?))
    }),
    ("plateau", |t| {
        let plateau = ReduceOnPlateau::new(0.1)?.factor(0.5)?.patience(0).threshold(0.5)?.cooldown(1);
        Ok(t.reduce_on_plateau(plateau, "valid_loss"))
    }),
    ("average, early stopping, accumulation, clipping", |t| {
        Ok(t.ema(0.9).callback(EarlyStopping::new(9)?).accumulate(2).clip_norm(0.5))
    }),
];

/// Where the process that goes on finds the half-trained files, and puts the trained ones.
const GO_ON_IN: &str = "WENGERT_TEST_GO_ON_IN";

#[test]
fn an_interrupted_training_gives_the_bits_of_one_that_was_not() {
    let each = |f: &mut dyn FnMut(&str, Make, Set)| {
        for (optimizer, make) in OPTIMIZERS {
            for (schedule, set) in SCHEDULES {
                f(&format!("{optimizer}, {schedule}"), make, set);
            }
        }
    };
    if let Some(folder) = std::env::var_os(GO_ON_IN) {
        // This is the new process: what comes from the file is all there is, the rest is built anew.
        let file = |name: &str, end: &str| Path::new(&folder).join(format!("{name}.{end}"));
        return each(&mut |name, make, set| {
            let resumed = run(make).train(set, Some(&file(name, "half")), EPOCHS, None);
            fs::write(file(name, "resumed"), resumed).unwrap();
        });
    }
    let folder = Folder::new("resume");
    each(&mut |name, make, set| {
        run(make).train(set, None, EPOCHS / 2, Some(&folder.file(&format!("{name}.half"))));
    });
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "an_interrupted_training_gives_the_bits_of_one_that_was_not"])
        .env(GO_ON_IN, &folder.0)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    each(&mut |name, make, set| {
        let whole = run(make).train(set, None, EPOCHS, None);
        assert!(whole == fs::read(folder.file(&format!("{name}.resumed"))).unwrap(), "{name}");
        let started_over = run(make).train(set, None, EPOCHS / 2, None);
        assert!(whole != started_over, "{name}: nothing was trained");
    });
}

const ADAM: Make = || Box::new(Adam::new(0.1));

#[test]
fn a_training_saved_after_its_end_goes_on_from_its_last_step() {
    let folder = Folder::new("after");
    let path = folder.file("ended.safetensors");
    let set: Set = |t| Ok(t.ema(0.9).callback(EarlyStopping::new(99)?));
    let [mut whole, mut first, mut second] = [(); 3].map(|()| run(ADAM));
    let bytes = whole.train(set, None, EPOCHS, None);
    fs::write(&path, first.train(set, None, EPOCHS / 2, None)).unwrap();
    assert!(bytes == second.train(set, Some(&path), EPOCHS, None));
    assert!(whole.params.iter().eq(second.params.iter()), "what is left behind differs");
}

#[test]
fn a_training_that_early_stopping_ended_is_not_taken_up_again() {
    let folder = Folder::new("ended");
    let path = folder.file("ended.safetensors");
    let train = |from: Option<&Path>, epochs: usize| {
        let Run { mut rng, mut params, model, mut optimizer, loader } = run(|| Box::new(Sgd::new(0.0)));
        // Nothing is learned, so that the validation loss is the same in every epoch.
        let mut trainer =
            Trainer::new(&mut params, optimizer.as_mut(), &mut rng).callback(EarlyStopping::new(2).unwrap());
        if let Some(path) = from {
            trainer.resume(path).unwrap();
        }
        let history = trainer
            .fit((&loader, &loader), epochs, |tape, (x, labels)| {
                cross_entropy(model.forward(tape.constant(x)), labels)
            })
            .unwrap();
        trainer.save(&path).unwrap();
        (history.len(), history.stopped().is_some())
    };
    assert_eq!(train(None, 9), (3, true));
    assert_eq!(train(Some(&path), 20), (3, true));
}

#[test]
fn a_setting_out_of_range_is_an_error_of_resume_too() {
    let folder = Folder::new("setting");
    let path = folder.file("a.safetensors");
    run(ADAM).train(PLAIN, None, 1, Some(&path));
    let Run { mut rng, mut params, mut optimizer, .. } = run(ADAM);
    let error = Trainer::new(&mut params, optimizer.as_mut(), &mut rng).ema(1.5).resume(&path).unwrap_err();
    assert_eq!(error.to_string(), "the average's decay is 1.5: it must be at least 0 and below 1");
}

/// Takes no state but its own.
struct Forgetful;

impl Callback for Forgetful {
    fn state(&self) -> Option<State> {
        Some(State::new("Forgetful"))
    }
    fn load_state(&mut self, _: &Params, state: &State) -> Result<(), Error> {
        if state.kind == "Forgetful" { Ok(()) } else { Err(Error::config("it is not mine")) }
    }
}

/// What `resume` says of a file; the training must stay as it was.
#[track_caller]
fn refused(make: Make, set: Set, path: &Path, why: &str) {
    let Run { mut rng, mut params, model, mut optimizer, loader } = run(make);
    let mut trainer = set(Trainer::new(&mut params, optimizer.as_mut(), &mut rng)).unwrap();
    trainer
        .fit((&loader, &loader), 1, |tape, (x, labels)| {
            cross_entropy(model.forward(tape.constant(x)), labels)
        })
        .unwrap();
    let before = trainer.checkpoint().to_bytes().unwrap();
    let error = trainer.resume(path).expect_err(why).to_string();
    assert!(error.contains(why), "{error}");
    assert!(trainer.checkpoint().to_bytes().unwrap() == before, "the training changed: {error}");
}

#[test]
fn a_checkpoint_of_another_set_up_is_refused_and_changes_nothing() {
    let folder = Folder::new("refused");
    let path = folder.file("adam.safetensors");
    run(ADAM).train(PLAIN, None, 3, Some(&path));
    refused(|| Box::new(Sgd::new(0.1)), PLAIN, &path, "the state is that of Adam and does not fit Sgd");
    refused(|| Box::new(Adam::new(0.1).amsgrad()), PLAIN, &path, "layers.0.weight.max_exp_avg_sq is missing");
    refused(
        ADAM,
        |t| Ok(t.ema(0.5).callback(EarlyStopping::new(3)?)),
        &path,
        "the checkpoint is of a training that was set up otherwise: it holds no state of average, callback 0",
    );
    refused(ADAM, PLAIN, &folder.file("none"), "reading ");

    run(ADAM).train(|t| Ok(t.ema(0.5).callback(EarlyStopping::new(9)?)), None, 3, Some(&path));
    refused(ADAM, PLAIN, &path, "set up otherwise: this one has no average, callback 0");
    // Everything but the callback's state is taken over when the error is found, and is put back.
    refused(ADAM, |t| Ok(t.ema(0.5).callback(Forgetful)), &path, "it is not mine");

    hidden(4, ADAM).train(PLAIN, None, 3, Some(&path));
    refused(ADAM, PLAIN, &path, "layers.0.weight has shape [4, 3], ");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    refused(ADAM, PLAIN, &path, "is it a whole safetensors file?");

    let other = Checkpoint::new(&run(ADAM).params);
    other.save(&path).unwrap();
    refused(ADAM, PLAIN, &path, "holds no state named \"trainer\"; there are: none");
}

#[test]
fn a_checkpoint_of_another_model_says_what_differs_and_changes_nothing() {
    let folder = Folder::new("model");
    let path = folder.file("a.safetensors");
    let build = |hidden: usize, names: [&str; 2]| {
        let mut params: Params = Params::new();
        let mut rng = Rng::new(hidden as u64);
        let mut init = params.init(&mut rng);
        Linear::new(&mut init.scope(names[0]), 3, hidden);
        Linear::new(&mut init.scope(names[1]), hidden, 1);
        params
    };
    save_params(&path, &build(4, ["body", "old_head"])).unwrap();
    let mut params = build(5, ["body", "head"]);
    let before = params.clone();
    let error = load_params(&path, &mut params).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Parameter);
    assert_eq!(
        error.to_string(),
        format!(
            "{}: these are not the model's parameters: body.weight has shape [4, 3], the model's [5, 3]; \
             body.bias has shape [4], the model's [5]; head.weight [1, 5] is missing; head.bias [1] is missing; \
             old_head.bias [1] is of no parameter of the model; old_head.weight [1, 4] is of no parameter of the model",
            path.display()
        )
    );
    assert!(params.iter().eq(before.iter()));
}

#[test]
fn a_body_is_loaded_without_its_head() {
    let folder = Folder::new("body");
    let path = folder.file("a.safetensors");
    let build = |outputs: usize| {
        let mut params: Params = Params::new();
        let mut rng = Rng::new(outputs as u64);
        let mut init = params.init(&mut rng);
        Linear::new(&mut init.scope("body"), 3, 4);
        Linear::new(&mut init.scope("head"), 4, outputs);
        params
    };
    let trained = build(2);
    save_params(&path, &trained).unwrap();
    let mut params = build(3);
    let head = params["head.weight"].clone();
    assert_eq!(load_params_below(&path, &mut params, "body").unwrap(), 2);
    assert_eq!(params["body.weight"], trained["body.weight"]);
    assert_eq!(params["head.weight"], head);
    let error = load_params_below(&path, &mut params, "head").unwrap_err().to_string();
    assert!(error.contains("head.weight has shape [2, 4], the model's [3, 4]"), "{error}");
    let error = load_params_below(&path, &mut params, "bodi").unwrap_err().to_string();
    assert_eq!(error, "the model has no parameters below \"bodi\"");
}

#[test]
fn the_best_model_is_the_one_that_is_saved() {
    let folder = Folder::new("best");
    let path = folder.file("best.safetensors");
    let Run { mut rng, mut params, model, mut optimizer, loader } = run(|| Box::new(Adam::new(0.5)));
    let mut kept = EarlyStopping::new(99).unwrap();
    let history = Trainer::new(&mut params, optimizer.as_mut(), &mut rng)
        .callback(SaveBest::new(&path))
        .callback(&mut kept)
        .fit((&loader, &loader), 12, |tape, (x, labels)| {
            cross_entropy(model.forward(tape.constant(x)), labels)
        })
        .unwrap();
    let (best, _) = kept.best().unwrap();
    assert!(best < 12, "the best epoch is not the last");
    assert_eq!(
        history["valid_loss"].iter().copied().fold(f64::INFINITY, f64::min),
        history["valid_loss"][best - 1]
    );
    let mut loaded = run(ADAM).params;
    load_params(&path, &mut loaded).unwrap();
    assert!(loaded.iter().eq(params.iter()), "early stopping left the best epoch's parameters");
}

#[test]
fn every_so_many_epochs_means_just_those() {
    let folder = Folder::new("every");
    let Run { mut rng, mut params, model, mut optimizer, loader } = run(ADAM);
    Trainer::new(&mut params, optimizer.as_mut(), &mut rng)
        .callback(SaveEvery::new(2, folder.file("run-{epoch}.safetensors")).unwrap())
        .fit(&loader, 5, |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels))
        .unwrap();
    let mut files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["run-2.safetensors", "run-4.safetensors"]);
    let error = SaveEvery::new(0, "x").unwrap_err().to_string();
    assert_eq!(error, "a training cannot be saved every 0 epochs; 1 means after each");
}

#[test]
fn a_file_that_cannot_be_written_ends_the_training_and_leaves_the_old_one() {
    let folder = Folder::new("unwritable");
    let file = folder.file("a-file");
    fs::write(&file, "no folder").unwrap();
    let Run { mut rng, mut params, model, mut optimizer, loader } = run(ADAM);
    let mut trainer = Trainer::new(&mut params, optimizer.as_mut(), &mut rng)
        .callback(SaveEvery::new(2, file.join("below")).unwrap());
    let error = trainer
        .fit(&loader, 5, |tape, (x, labels)| cross_entropy(model.forward(tape.constant(x)), labels))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with(&format!("writing {}", file.join("below").display())), "{error}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "no folder");
}

/// A training's checkpoint with one of everything in it.
fn full() -> Vec<u8> {
    let set: Set = |t| Ok(t.ema(0.9).callback(EarlyStopping::new(9)?));
    run(ADAM).train(set, None, 2, None)
}

#[test]
fn a_checkpoint_is_read_back_as_the_same_bytes() {
    let bytes = full();
    let read: Checkpoint = Checkpoint::from_bytes("a", &bytes).unwrap();
    assert!(read.to_bytes().unwrap() == bytes);
    let states: Vec<_> = read.states().collect();
    assert_eq!(states, ["average", "callback 0", "optimizer", "trainer"]);
    let error = Checkpoint::<f64>::from_bytes("a", &bytes).unwrap_err().to_string();
    assert_eq!(error, "a: layers.0.bias is of type F32, this training of F64");
}

#[test]
fn a_file_cut_anywhere_is_an_error() {
    let bytes = full();
    for end in 0..bytes.len() {
        let error = Checkpoint::<f32>::from_bytes("a", &bytes[..end]).unwrap_err().to_string();
        assert!(error.ends_with("; is it a whole safetensors file?"), "{end}: {error}");
    }
    assert!(Checkpoint::<f32>::from_bytes("a", &[&bytes[..], &[0]].concat()).is_err());
}

#[test]
fn a_file_changed_anywhere_in_its_header_is_an_error_or_still_makes_sense() {
    let bytes = full();
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut errors = 0;
    for at in 0..header {
        for change in [1, 2, 16, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= change;
            // Not a panic, whatever it is. A changed name, say, is a name too.
            errors += usize::from(Checkpoint::<f32>::from_bytes("a", &changed).is_err());
        }
    }
    assert!(errors > 2 * header, "{errors} of {} changes were noticed", 4 * header);
}

/// A file with this header and so many zeros behind it.
fn file(header: &str, zeros: usize) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &vec![0; zeros]].concat()
}

#[track_caller]
fn hostile(bytes: &[u8], why: &str) {
    let error = Checkpoint::<f32>::from_bytes("a.safetensors", bytes).expect_err(why);
    assert_eq!(error.kind(), ErrorKind::Format);
    assert!(error.to_string().starts_with("a.safetensors: ") && error.to_string().contains(why), "{error}");
}

#[test]
fn a_hostile_header_is_an_error() {
    hostile(&[], "its 0 bytes are too few for a header");
    hostile(
        b"\xff\xff\xff\xff\xff\xff\xff\xff{}",
        "its header should have 18446744073709551615 bytes, 2 are there",
    );
    hostile(&[0xff; 100], "this is no safetensors file: it does not begin with a header");
    hostile(b"a,b\n0.5,1.5\n", "this is no safetensors file");
    hostile(
        b"PK\x03\x04\x00\x00\x08\x08\x00\x00archive",
        "`safetensors.torch.save_file(model.state_dict(), path)`",
    );
    hostile(&file("", 0), "its header does not hold");
    hostile(&file("[1, 2]", 0), "it does not begin with a header");
    hostile(&file("\u{fffd}{}", 0), "it does not begin with a header");
    hostile(&file(&format!("{{\"a\":{}", "[".repeat(100_000)), 0), "its header does not hold");
    // Sizes whose sum overflows: eight of 2^61 − 1 bytes.
    let size = (1u64 << 61) - 1;
    let tensor = |i: u64| {
        format!(
            r#""t{i}":{{"dtype":"U8","shape":[{size}],"data_offsets":[{},{}]}}"#,
            i * size,
            (i + 1) * size
        )
    };
    let eight = (0..8).map(tensor).collect::<Vec<_>>().join(",");
    hostile(&file(&format!("{{{eight}}}"), 8), "its tensors should have");
    let one = |entry: &str, zeros: usize| file(&format!(r#"{{"w":{entry}}}"#), zeros);
    hostile(&one(r#"{"dtype":"F32","shape":[2],"data_offsets":[0,4]}"#, 4), "its header does not hold");
    hostile(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, 8), "its header does not hold");
    hostile(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[4,0]}"#, 8), "its header does not hold");
    hostile(&one(r#"{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}"#, 8), "its header does not hold");
    hostile(
        &one(r#"{"dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,0]}"#, 0),
        "its header does not hold",
    );
    hostile(
        &one(r#"{"dtype":"F32","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}"#, 0),
        "its header does not hold",
    );
    hostile(
        &one(r#"{"dtype":"F32","shape":[1],"data_offsets":[0,4]}"#, 3),
        "its tensors should have 4 bytes, 3 are there",
    );
    hostile(
        &one(r#"{"dtype":"I64","shape":[1],"data_offsets":[0,8]}"#, 8),
        "w is of type I64; it must be F32 or F64",
    );
    let state = |numbers: &str| {
        let kind = r#""wengert/s/kind":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#;
        file(&format!("{{{kind},{numbers}}}"), 2)
    };
    hostile(
        &state(
            r#""wengert/s/names":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"wengert/s/numbers":{"dtype":"F64","shape":[0],"data_offsets":[2,2]}"#,
        ),
        "wengert/s/names is not a list of names",
    );
    hostile(
        &file(r#"{"wengert/rng":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, 3),
        "wengert/rng does not have 49 bytes",
    );
}

#[test]
fn tensors_of_no_entries_and_of_many_axes_are_tensors() {
    let header = r#"{"a":{"dtype":"F32","shape":[0,9223372036854775807],"data_offsets":[0,0]},
        "b":{"dtype":"F64","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,8]},
        "c":{"dtype":"F32","shape":[],"data_offsets":[8,12]}}"#;
    let read: Checkpoint = Checkpoint::from_bytes("a", &file(header, 12)).unwrap();
    let shapes: Vec<_> = read.params().map(|(_, tensor)| (tensor.rank(), tensor.numel())).collect();
    assert_eq!(shapes, [(2, 0), (9, 1), (0, 1)]);
}

#[test]
fn names_with_a_meaning_of_ours_are_not_written() {
    let mut params: Params = Params::new();
    params.add("wengert/rng", 1.0);
    let error = save_params("/dev/null/nowhere", &params).unwrap_err().to_string();
    assert_eq!(
        error,
        "parameter \"wengert/rng\" cannot be saved: names that begin with \"wengert/\" are taken"
    );
}
