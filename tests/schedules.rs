//! Every schedule against PyTorch's rates, and what it does at its edges.

mod common;

use common::{agree, golden, numbers};
use serde_json::{Map, Value};
use wengert::Error;
use wengert::optim::schedule::{
    Chained, Constant, CosineAnnealing, CosineWarmRestarts, Exponential, Lambda, LinearRamp, MultiStep,
    OneCycle, PlateauState, Polynomial, ReduceOnPlateau, Schedule, Step,
};

const TOLERANCE: f64 = 1e-12;

#[test]
fn rates_are_those_of_pytorch() {
    let cases = golden("schedulers.json");
    assert!(!cases.is_empty());
    for case in &cases {
        let name = case["scheduler"].as_str().unwrap();
        let mut attrs = Attrs(case["attrs"].as_object().unwrap().clone());
        let base = attrs.number("base_lr");
        let expected = numbers(&case["lr"]);
        let got: Vec<f64> = if name == "reduce_on_plateau" {
            let mut plateau = plateau(base, &mut attrs);
            // The rate of an epoch follows from the metrics of the epochs before.
            let metrics = numbers(&case["metric"]);
            assert_eq!(metrics.len(), expected.len());
            let rate_then_metric = |metric: &f64| {
                let rate = plateau.rate();
                plateau.update(*metric);
                rate
            };
            metrics.iter().map(rate_then_metric).collect()
        } else {
            let schedule = make(name, base, &mut attrs).unwrap();
            (0..expected.len()).map(|t| schedule.rate(t)).collect()
        };
        attrs.done(name);
        agree(&format!("{name} {}", case["attrs"]), &got, &expected, TOLERANCE);
    }
}

/// Settings, each of which is to be used.
struct Attrs(Map<String, Value>);

impl Attrs {
    #[track_caller]
    fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.0))
    }

    #[track_caller]
    fn number(&mut self, name: &str) -> f64 {
        self.take(name).as_f64().expect("a number")
    }

    #[track_caller]
    fn count(&mut self, name: &str) -> usize {
        self.take(name).as_u64().expect("a count") as usize
    }

    #[track_caller]
    fn done(&self, name: &str) {
        assert!(self.0.is_empty(), "{name}: no test knows the settings {:?}", self.0);
    }
}

/// The schedule of this name with these settings. A name it does not know panics.
fn make(name: &str, base: f64, attrs: &mut Attrs) -> Result<Box<dyn Schedule>, Error> {
    Ok(match name {
        "constant" => Box::new(Constant::new(base)?),
        "step" => Box::new(Step::new(base, attrs.count("step_size"), attrs.number("gamma"))?),
        "multi_step" => {
            let milestones: Vec<_> =
                numbers(&attrs.take("milestones")).into_iter().map(|t| t as usize).collect();
            Box::new(MultiStep::new(base, milestones, attrs.number("gamma"))?)
        }
        "exponential" => Box::new(Exponential::new(base, attrs.number("gamma"))?),
        "cosine_annealing" => {
            Box::new(CosineAnnealing::new(base, attrs.count("t_max"))?.down_to(attrs.number("eta_min"))?)
        }
        "cosine_warm_restarts" => Box::new(
            CosineWarmRestarts::new(base, attrs.count("t_0"))?
                .period_factor(attrs.count("t_mult"))?
                .down_to(attrs.number("eta_min"))?,
        ),
        "linear" => Box::new(LinearRamp::new(
            base,
            attrs.number("start_factor"),
            attrs.number("end_factor"),
            attrs.count("total_iters"),
        )?),
        "polynomial" => Box::new(Polynomial::new(base, attrs.count("total_iters"), attrs.number("power"))?),
        "one_cycle" => {
            // The momentum is not ours to cycle, and the file does not ask for it.
            assert_eq!(attrs.take("cycle_momentum"), false);
            let cycle = OneCycle::new(attrs.number("max_lr"), attrs.count("total_steps"))?
                .warm_up_share(attrs.number("pct_start"))?
                .div_factor(attrs.number("div_factor"))?
                .final_div_factor(attrs.number("final_div_factor"))?;
            match attrs.take("anneal").as_str() {
                Some("cos") => Box::new(cycle),
                Some("linear") => Box::new(cycle.linear()),
                other => panic!("no test knows the annealing {other:?}"),
            }
        }
        "lambda" => {
            assert_eq!(attrs.take("rule"), "1/(1+epoch)");
            Box::new(Lambda::new(base, |t| 1.0 / (1.0 + t as f64))?)
        }
        "chained" => {
            let milestones = numbers(&attrs.take("milestones"));
            let parts = attrs.take("parts");
            let mut parts = parts.as_array().unwrap().iter().map(|part| {
                let mut attrs = Attrs(part.as_object().unwrap().clone());
                let name = attrs.take("scheduler");
                let part = make(name.as_str().unwrap(), base, &mut attrs).unwrap();
                attrs.done("a part");
                part
            });
            let mut chained = Chained::new(parts.next().unwrap());
            for milestone in milestones {
                chained = chained.then(milestone as usize, parts.next().unwrap())?;
            }
            assert!(parts.next().is_none());
            Box::new(chained)
        }
        _ => panic!("no test knows the schedule {name:?}"),
    })
}

fn plateau(base: f64, attrs: &mut Attrs) -> ReduceOnPlateau {
    let plateau = ReduceOnPlateau::new(base)
        .and_then(|p| p.factor(attrs.number("factor")))
        .and_then(|p| p.down_to(attrs.number("min_lr")))
        .and_then(|p| p.eps(attrs.number("eps")))
        .unwrap()
        .patience(attrs.count("patience"))
        .cooldown(attrs.count("cooldown"));
    let plateau = match attrs.take("mode").as_str() {
        Some("min") => plateau,
        Some("max") => plateau.higher_is_better(),
        other => panic!("no test knows the mode {other:?}"),
    };
    let threshold = attrs.number("threshold");
    match attrs.take("threshold_mode").as_str() {
        Some("rel") => plateau.threshold(threshold).unwrap(),
        Some("abs") => plateau.absolute_threshold(threshold).unwrap(),
        other => panic!("no test knows the threshold mode {other:?}"),
    }
}

#[test]
fn settings_out_of_range_are_errors_that_name_them() {
    #[track_caller]
    fn check<S>(made: Result<S, Error>, expected: &str) {
        let error = made.err().expect("an error").to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    check(Constant::new(-0.1), "learning rate -0.1 is not allowed: it must be finite and not negative");
    check(Step::new(0.1, 0, 0.5), "period 0 is not allowed: it must be at least 1");
    check(Step::new(0.1, 3, 0.0), "gamma 0 is not allowed: it must be finite and above 0");
    check(MultiStep::new(f64::NAN, [3], 0.5), "learning rate NaN");
    check(Exponential::new(0.1, -0.5), "gamma -0.5");
    check(Polynomial::new(0.1, 0, 1.0), "steps 0");
    check(Polynomial::new(0.1, 5, 0.0), "power 0");
    check(LinearRamp::warm_up(0.1, 0.5, 0), "steps 0");
    check(LinearRamp::new(0.1, -0.5, 1.0, 3), "start factor -0.5");
    check(CosineAnnealing::new(0.1, 0), "steps 0");
    check(CosineAnnealing::new(0.1, 5).unwrap().down_to(f64::INFINITY), "learning rate inf");
    check(CosineWarmRestarts::new(0.1, 0), "period 0");
    check(CosineWarmRestarts::new(0.1, 5).unwrap().period_factor(0), "period factor 0");
    check(OneCycle::new(0.1, 0), "steps 0");
    check(OneCycle::new(0.1, 5).unwrap().warm_up_share(1.5), "warm-up share 1.5");
    check(OneCycle::new(0.1, 5).unwrap().div_factor(0.0), "div factor 0");
    check(Lambda::new(-1.0, |_| 1.0), "learning rate -1");
    check(ReduceOnPlateau::new(0.1).unwrap().factor(1.0), "factor 1 is not allowed");
    check(ReduceOnPlateau::new(0.1).unwrap().factor(0.0), "factor 0 is not allowed");
    let five = || OneCycle::new(0.1, 5).unwrap();
    let chain = || Chained::new(five());
    check(chain().then(0, five()), "a schedule cannot follow at t = 0: the one before it begins at t = 0");
    check(chain().then(6, five()), "a schedule cannot follow at t = 6: the one before it ends at t = 5");
    check(chain().then(5, five()).unwrap().then(11, five()), "a schedule cannot follow at t = 11");
}

#[test]
fn a_schedule_that_has_an_end_gives_an_error_past_it() {
    let five = || OneCycle::new(0.1, 5).unwrap();
    let chained = Chained::new(five()).then(3, five()).unwrap();
    let forever = Chained::new(five()).then(5, Constant::new(0.1).unwrap()).unwrap();
    let ends: [(&dyn Schedule, Option<usize>); 3] =
        [(&five(), Some(5)), (&chained, Some(8)), (&forever, None)];
    for (schedule, end) in ends {
        assert_eq!(schedule.end(), end);
        for t in [0, 4, 5, 7, 8, 1000] {
            assert_eq!(schedule.try_rate(t).is_ok(), end.is_none_or(|end| t < end), "{t} of {end:?}");
        }
    }
}

#[test]
#[should_panic(expected = "the schedule has 5 learning rates; t = 5, counted from 0, is past its end")]
fn a_rate_past_the_end_panics() {
    OneCycle::new(0.1, 5).unwrap().rate(5);
}

#[test]
fn those_that_arrive_stay_there() {
    let schedules: [(&dyn Schedule, f64); 3] = [
        (&LinearRamp::new(2.0, 1.0, 0.25, 10).unwrap(), 0.5),
        (&Polynomial::new(2.0, 10, 1.0).unwrap(), 0.0),
        (&CosineAnnealing::new(2.0, 10).unwrap().down_to(0.5).unwrap(), 0.5),
    ];
    for (schedule, last) in schedules {
        assert!(schedule.rate(9) > last);
        assert_eq!([10, 11, 20, usize::MAX].map(|t| schedule.rate(t)), [last; 4]);
    }
}

#[test]
fn one_cycle_is_finite_whatever_its_shares() {
    for steps in 1..12 {
        for warm_up in [0.0, 0.1, 0.3, 0.5, 0.9, 1.0] {
            let cycle = OneCycle::new(0.1, steps).unwrap().warm_up_share(warm_up).unwrap();
            for cycle in [cycle.clone(), cycle.clone().linear(), cycle.three_phases()] {
                for t in 0..steps {
                    let rate = cycle.rate(t);
                    assert!((0.0..=0.1 + 1e-12).contains(&rate), "{cycle:?} at {t}: {rate}");
                }
            }
        }
    }
}

#[test]
fn one_cycle_of_three_phases_comes_back_to_its_start_before_it_goes_further_down() {
    let cycle = OneCycle::new(1.0, 21).unwrap().warm_up_share(9.0 / 21.0).unwrap().linear().three_phases();
    let expected = [(0, 0.04), (4, 0.52), (8, 1.0), (12, 0.52), (16, 0.04), (20, 0.04 / 1e4)];
    for (t, rate) in expected {
        assert!((cycle.rate(t) - rate).abs() < 1e-12, "{t}: {}", cycle.rate(t));
    }
}

#[test]
fn a_plateau_goes_on_from_its_state() {
    let metrics = [1.0, 0.5, 0.6, 0.6, 0.6, f64::NAN, 0.6, 0.6, 0.4, 0.4];
    let make = || ReduceOnPlateau::new(1.0).unwrap().factor(0.5).unwrap().patience(1).cooldown(1);
    let mut whole = make();
    for (i, &metric) in metrics.iter().enumerate() {
        let mut resumed = make();
        resumed.load_state(whole.state()).unwrap();
        let mut copy = whole.clone();
        for &metric in &metrics[i..] {
            assert_eq!(resumed.update(metric), copy.update(metric));
        }
        whole.update(metric);
    }
    let bad = PlateauState { rate: -1.0, ..whole.state() };
    let before = whole.clone();
    assert!(whole.load_state(bad).is_err());
    assert_eq!(whole, before);
}

#[test]
fn a_plateau_without_patience_falls_at_the_first_bad_epoch_and_stops_at_its_floor() {
    let plateau = ReduceOnPlateau::new(1.0).unwrap().factor(0.5).unwrap().patience(0);
    let mut plateau = plateau.down_to(0.3).unwrap().higher_is_better();
    assert_eq!([0.8, 0.9, 0.9, 0.8, 0.8].map(|accuracy| plateau.update(accuracy)), [1.0, 1.0, 0.5, 0.3, 0.3]);
}
