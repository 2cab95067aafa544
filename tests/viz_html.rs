//! The page to step through a tape, driven in a browser: its steps, its last frame, its keys; that
//! it asks nobody for anything, and that it can be read without scripts.

mod common;

#[path = "common/browser.rs"]
mod browser;

use browser::{NARROW, View, WIDE, drive, is_legible, stands_alone};
use common::tapes::{readme, xor};
use serde_json::Value;
use wengert::prelude::*;
use wengert::viz::{Explanation, Mistake};

/// Goes through the page by keys alone and looks at every frame.
const WALK: &str = "
    const frames = [];
    press('Home');
    const count = Number(document.getElementById('slider').max);
    for (let i = 0; i < count; i += 1) {
        frames.push({ step: document.body.dataset.step, sentence: text('#sentence'), phase: text('#phase'), held: text('#v0 .grad') });
        press('ArrowRight');
    }
    const boxes = {};
    for (const box of document.querySelectorAll('.box')) boxes[box.id] = [box.dataset.value, box.dataset.grad];
    const end = document.body.dataset.step;
    press('ArrowLeft');
    const back = document.body.dataset.step;
    press('End');
    return { count, frames, boxes, end, back, last: document.body.dataset.step };";

/// What the page makes of a sentence: before a number or a gradient stands a minus sign.
fn typeset(text: &str) -> String {
    let mut out = String::new();
    for (at, c) in text.char_indices() {
        let after = text[at + c.len_utf8()..].starts_with(|c: char| c.is_ascii_digit() || "i(√∂".contains(c));
        let within = out.ends_with(char::is_alphanumeric);
        out.push(if c == '-' && after && !within { '−' } else { c });
    }
    out
}

/// The page shows every step's sentence, and at the end what the engine found, to the last bit.
#[track_caller]
fn walks(explained: &Explanation<'_, f64>) -> Option<Value> {
    let report = drive(&explained.html(), WIDE, WALK)?;
    let steps = explained.steps();
    assert_eq!(report["count"], steps.len());
    for (step, frame) in steps.iter().zip(report["frames"].as_array().unwrap()) {
        assert_eq!(frame["step"], step.number.to_string());
        assert_eq!(frame["sentence"], typeset(&step.to_string()));
    }
    let number = steps.len().to_string();
    assert_eq!((&report["end"], &report["last"]), (&Value::from(number.clone()), &Value::from(number)));
    assert_eq!(report["back"], (steps.len() - 1).to_string());
    for row in explained.rows() {
        let shown = &report["boxes"][format!("v{}", row.node.id)];
        // Read by the standard library, which reads to the last bit.
        let entries = |text: &Value| -> Vec<f64> {
            let list = text.as_str().unwrap().trim_matches(['[', ']']);
            list.split(',').map(|x| x.parse().unwrap()).collect()
        };
        assert_eq!(entries(&shown[0]), row.node.value.data(), "v{}", row.node.id);
        match row.adjoint.value() {
            Some(g) => assert_eq!(entries(&shown[1]), g.data(), "v{}", row.node.id),
            None => assert_eq!(shown[1], "", "v{}", row.node.id),
        }
    }
    Some(report)
}

#[test]
fn the_expression_is_walked_through_by_keys_and_ends_at_the_engines_numbers() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let explained = tape.explain(g);
    let Some(report) = walks(&explained) else { return };
    let contributions: usize =
        explained.rows().iter().filter(|row| row.adjoint.value().is_some()).map(|row| row.uses.len()).sum();
    assert_eq!(report["count"], 33 + contributions + 1);
    // The accumulator of a, as it comes together.
    let mut held: Vec<&str> =
        report["frames"].as_array().unwrap().iter().map(|frame| frame["held"].as_str().unwrap()).collect();
    held.dedup();
    let expected = ["", "∂ −6.94169 1/5", "∂ −6.94169 2/5", "∂ 0 3/5", "∂ 166.6006 4/5", "∂ 138.8338 ✓"];
    assert_eq!(held, expected);
}

#[test]
fn a_network_is_walked_through_too() {
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    walks(&tape.explain(loss));
}

#[test]
fn a_node_that_is_clicked_shows_its_formula_its_uses_and_its_check() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let page = tape.explain(g).html();
    let script = "
        document.getElementById('v3').dispatchEvent(new MouseEvent('click', { bubbles: true }));
        const clicked = text('#inspector');
        press('Enter', document.getElementById('v0'));
        const live = document.getElementById('sentence').getAttribute('aria-live');
        return { clicked, entered: text('#inspector'), live };";
    let Some(report) = drive(&page, WIDE, script) else { return };
    let clicked = report["clicked"].as_str().unwrap();
    for part in ["v3 mul", "a · b = −4 · 2 = −8", "d/dab = 2", "d/dba = −4", "pass, held against differences"]
    {
        assert!(clicked.contains(part), "{part} is missing in {clicked}");
    }
    let entered = report["entered"].as_str().unwrap();
    for part in ["v22−1 × 6.94169−6.94169", "v32 × 83.3003166.6006", "sum138.8338"] {
        assert!(entered.contains(part), "{part} is missing in {entered}");
    }
    assert_eq!(report["live"], "polite");
}

#[test]
fn in_practice_answers_are_judged_and_the_first_wrong_one_is_named() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let page = tape.explain(g).html();
    let script = "
        const say = (form, input, value) => {
            input.value = value;
            form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
        };
        document.getElementById('practise').click();
        const seed = text('#sentence');
        press('ArrowRight');
        press('ArrowRight');
        press('ArrowRight');
        const asked = text('#sentence');
        const hidden = getComputedStyle(document.querySelector('.tape .adjoint')).visibility;
        const [ask, guess] = [document.getElementById('ask'), document.getElementById('guess')];
        say(ask, guess, '3');
        const wrong = text('#verdict'), still = text('#sentence');
        say(ask, guess, '-10/49*1/49');
        const right = text('#verdict'), told = text('#sentence');
        const form = document.getElementById('answers');
        const field = (node) => form.querySelector(`[data-node=\"${node}\"]`);
        field(0).value = '139';
        field(3).value = '83.3003';
        field(5).value = '83.30029154518950';
        say(form, field(26), '7');
        const verdict = (node) => field(node).closest('div').querySelector('.verdict').textContent;
        return { seed, asked, hidden, wrong, still, right, told, first: text('#first-wrong'), a: verdict(0), b: verdict(3), c: verdict(5) };";
    let Some(report) = drive(&page, WIDE, script) else { return };
    let says = |name: &str| report[name].as_str().unwrap().to_string();
    assert!(says("seed").ends_with("is 1: the seed."));
    assert_eq!(says("asked"), "step 37: what does v31 send to f?");
    assert_eq!((says("hidden"), says("still")), ("hidden".into(), says("asked")));
    assert_eq!(says("wrong"), "✗ wrong, apart by 3");
    assert!(says("right").starts_with('≈') || says("right").starts_with('✓'), "{}", says("right"));
    assert!(says("told").contains("v31 div sends −0.00416493"), "{}", says("told"));
    assert_eq!(says("first"), "first wrong going backward: e");
    assert_eq!(says("a"), "✗ wrong, apart by 0.166");
    assert!(says("b").starts_with("≈ right to rounding, apart by 0.0000"), "{}", says("b"));
    assert!(says("c").starts_with('≈') || says("c").starts_with('✓'), "{}", says("c"));
}

#[test]
fn it_goes_by_itself_until_it_is_stopped_or_has_come_to_the_end() {
    let tape = Tape::f64();
    let x = tape.var(3.0).named("x");
    let y = (x * x).named("y");
    let page = tape.explain(y).html();
    let script = "
        const play = document.getElementById('play');
        const [at, on] = [() => Number(document.body.dataset.step), () => play.getAttribute('aria-pressed') + play.firstElementChild.className];
        const seen = [[at(), on()]];
        const see = new MutationObserver(() => seen.push([at(), on()]));
        see.observe(document.body, { attributeFilter: ['data-step'] });
        play.click();
        seen.push([at(), on()]);
        await until(() => at() === 3);
        press(' ');
        const stopped = [at(), on()];
        await after(1100);
        const still = at();
        see.disconnect();
        press(' ');
        await until(() => at() === 5 && on() === 'falseicon forth');
        const end = [at(), on()];
        play.click();
        const again = [at(), on()];
        press('ArrowRight');
        return { seen, stopped, still, end, again, key: [at(), on()] };";
    let Some(report) = drive(&page, WIDE, script) else { return };
    let (rest, goes) = ("falseicon forth", "trueicon rest");
    let expected = serde_json::json!({
        "seen": [[1, rest], [1, goes], [2, goes], [3, goes]],
        "stopped": [3, rest],
        "still": 3,
        // y = x·x has five steps.
        "end": [5, rest],
        "again": [1, goes],
        "key": [2, rest],
    });
    assert_eq!(report, expected);
}

#[test]
fn the_slider_goes_to_any_step_and_moves_along() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let explained = tape.explain(g);
    let script = "
        const slider = document.getElementById('slider');
        const range = [slider.min, slider.max].map(Number);
        const drag = (to) => {
            slider.value = String(to);
            slider.dispatchEvent(new Event('input', { bubbles: true }));
            return [document.body.dataset.step, text('#sentence'), slider.getAttribute('aria-valuetext')];
        };
        const dragged = [41, 2, range[1]].map(drag);
        document.getElementById('play').click();
        drag(5);
        const stopped = document.getElementById('play').getAttribute('aria-pressed');
        press('ArrowRight');
        document.getElementById('next').click();
        const [moved, said] = [slider.value, slider.getAttribute('aria-valuetext')];
        document.getElementById('first').click();
        return { range, dragged, stopped, moved, said, first: slider.value };";
    let Some(report) = drive(&explained.html(), WIDE, script) else { return };
    let steps = explained.steps();
    let last = steps.len();
    assert_eq!(report["range"], serde_json::json!([1, last]));
    for (drag, (step, phase)) in
        [(41, "backward"), (2, "forward"), (last, "backward")].into_iter().enumerate()
    {
        let said = format!("step {step} of {last}, {phase}");
        let expected = serde_json::json!([step.to_string(), typeset(&steps[step - 1].to_string()), said]);
        assert_eq!(report["dragged"][drag], expected);
    }
    assert_eq!(
        (&report["stopped"], &report["moved"], &report["first"]),
        (&"false".into(), &"7".into(), &"1".into())
    );
    assert_eq!(report["said"], format!("step 7 of {last}, forward"));
}

/// The tape on which most learners ask why an order is needed.
#[test]
fn mistakes_are_replayed_in_the_graph_beside_what_is_right() {
    let tape = Tape::f64();
    let (a, b) = (tape.var(2.0).named("a"), tape.var(3.0).named("b"));
    let (c, d) = ((a + b).named("c"), (a * b).named("d"));
    let (e, f) = ((c + d).named("e"), (c * d).named("f"));
    let y = (e + f).named("y");
    let explained = tape.explain(y);
    let mistakes = explained.mistakes().unwrap();
    let script = "
        const box = (id) => [text(`#v${id} .value`), text(`#v${id} .grad`), document.getElementById(`v${id}`).classList.contains('off')];
        const nodes = [0, 1, 2, 3, 4, 5, 6];
        const ways = [1, 2, 3].map((way) => {
            document.querySelector(`[data-way=\"${way}\"]`).click();
            const begin = [document.body.dataset.step, text('#sentence')];
            const steps = [];
            const count = Number(document.getElementById('slider').max);
            for (let step = 8; step < count; step += 1) {
                press('ArrowRight');
                const edge = document.querySelector('.edge.now');
                steps.push([text('#sentence'), text('#verdict'), edge.id, edge.classList.contains('amiss')]);
            }
            return { begin, count, steps, phase: text('#phase'), boxes: nodes.map(box) };
        });
        document.querySelector('[data-way=\"0\"]').click();
        press('End');
        return { ways, back: nodes.map(box), count: Number(document.getElementById('slider').max) };";
    let Some(report) = drive(&explained.html(), WIDE, script) else { return };
    let right = |v: Var<'_, f64>| explained.get(v).unwrap().adjoint.value().unwrap().item();
    // A recursion goes into c and d by both e and f.
    for ((mistake, way), sent) in Mistake::ALL.into_iter().zip(0..).zip([14, 10, 20]) {
        let shown = &report["ways"][way];
        assert_eq!(shown["begin"][0], "8", "it begins with the seed");
        assert_eq!(shown["count"], 7 + 1 + sent);
        assert_eq!(shown["phase"], format!("backward, {}", mistake.name()));
        for v in [a, b, c, d, e, f] {
            let (wrong, right) = (mistakes.get(mistake, v).unwrap().item(), right(v));
            let (sign, off) = if wrong == right { ("=", false) } else { ("≠", true) };
            let expected = serde_json::json!([format!("✓ ∂ {right}"), format!("∂ {wrong} {sign}"), off]);
            assert_eq!(shown["boxes"][v.id()], expected, "{mistake:?}, v{}", v.id());
        }
    }
    #[track_caller]
    fn check(step: &Value, expected: [&str; 3], amiss: bool) {
        assert_eq!(*step, serde_json::json!([expected[0], expected[1], expected[2], amiss]));
    }
    let steps = |way: usize| &report["ways"][way]["steps"];
    // y to e and f, e to c and d; c goes on at once, without what f will send.
    let early = [
        "step 13: c add sends 1 × 1 = 1 to a; a holds 1.",
        "✗ too early: c has 1 of its 2 contributions",
        "v2-0",
    ];
    check(&steps(0)[4], early, true);
    let again = [
        "step 19: c add sends 1 × 7 = 7 to a; a holds 11.",
        "✗ again: what c has sent before is sent once more",
        "v2-0",
    ];
    check(&steps(0)[10], again, true);
    check(&steps(0)[0], ["step 9: y add sends 1 × 1 = 1 to e; e holds 1.", "", "v6-0"], false);
    let over =
        ["step 13: e add sends 1 × 1 = 1 to c; c holds 1.", "✗ 6 is written over and forgotten", "v4-0"];
    check(&steps(1)[4], over, true);
    let left =
        ["step 19: y add sends 1 × 1 = 1 to e; e holds 2.", "✗ 1 was left from the first pass", "v6-0"];
    check(&steps(2)[10], left, true);
    assert_eq!(report["count"], 7 + 1 + 10);
    for v in [a, b, c, d, e, f] {
        let shown = &report["back"][v.id()];
        assert!(!shown[0].as_str().unwrap().contains('✓'), "{shown}");
        assert_eq!((&shown[1], &shown[2]), (&format!("∂ {} ✓", right(v)).into(), &false.into()));
    }
}

#[test]
fn ways_back_that_are_too_long_are_not_replayed_and_who_practises_goes_the_right_one() {
    let tape = Tape::f64();
    let x = tape.var(0.5).named("x");
    let mut y = x;
    for _ in 0..60 {
        y = y.sin() * y.cos();
    }
    let page = tape.explain(y).html();
    let script = "
        const ways = [...document.querySelectorAll('[data-way]')].map((button) => button.textContent);
        document.querySelector('[data-way=\"3\"]').click();
        document.getElementById('practise').click();
        return { ways, pressed: document.querySelector('[data-way=\"0\"]').getAttribute('aria-pressed'), astray: document.body.className };";
    let Some(report) = drive(&page, WIDE, script) else { return };
    assert_eq!(report["ways"], serde_json::json!(["right", "= for +=", "backward twice"]));
    assert_eq!((&report["pressed"], &report["astray"]), (&"true".into(), &"quiz".into()));
    for _ in 0..100 {
        y += x;
    }
    let page = tape.explain(y).html();
    assert_eq!(page.matches(" data-way=").count(), 1 + 1, "440 contributions are replayed, 880 are not");
    for _ in 0..100 {
        y += x;
    }
    assert!(!tape.explain(y).html().contains(" data-way="), "where none is replayed there is no choice");
}

/// What is to be read stands clear of what it is controlled by, in the middle and at the end.
#[test]
fn the_controls_cover_nothing_that_is_read() {
    let script = "
        const at = (query) => document.querySelector(query).getBoundingClientRect();
        const within = (a, b) => a.top < b.bottom && b.top < a.bottom && a.left < b.right && b.left < a.right;
        const covered = [], open = [], seen = [];
        for (const way of document.querySelectorAll('[data-way]')) {
            way.click();
            for (const key of ['ArrowRight', 'End']) {
                press(key);
                for (const node of ['v3', 'v8']) {
                    document.getElementById(node).dispatchEvent(new MouseEvent('click', { bubbles: true }));
                    const [panel, side] = [at('#inspector'), at('.side')];
                    seen.push(panel.top > side.top - 1 && panel.top < side.bottom - 40);
                    scrollTo(0, 0);
                    covered.push(...['.stage', '.side', '.legend'].filter((query) => within(at('#controls'), at(query))));
                    const last = [...document.querySelectorAll('#held li')].at(-1);
                    last.scrollIntoView({ block: 'nearest' });
                    const line = last.getBoundingClientRect();
                    open.push(last.contains(document.elementFromPoint(line.left + line.width / 2, line.top + line.height / 2)));
                }
            }
        }
        return { covered, open, seen };";
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let of_numbers = tape.explain(g).html();
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    for page in [of_numbers, tape.explain(loss).html()] {
        for view in [WIDE, NARROW] {
            let Some(report) = drive(&page, view, script) else { return };
            assert_eq!(report["covered"], serde_json::json!([]), "at a width of {}", view.width);
            // The last line of the list, and the head of the node that was clicked.
            for what in ["open", "seen"] {
                let shown = report[what].as_array().unwrap();
                assert!(
                    shown.len() == 16 && shown.iter().all(|shown| shown == true),
                    "{what} at {}: {shown:?}",
                    view.width
                );
            }
        }
    }
}

/// The browser of the tests says that its user wants no motion.
#[test]
fn who_wants_no_motion_sees_none() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let script = "
        let frames = 0;
        window.requestAnimationFrame = () => { frames += 1; return 0; };
        press('End');
        const path = document.querySelector('.edge.now');
        const middle = path.getPointAtLength(path.getTotalLength() / 2);
        const at = document.querySelector('.mote').getAttribute('transform') === `translate(${middle.x} ${middle.y})`;
        return { frames, at, calm: matchMedia('(prefers-reduced-motion: reduce)').matches };";
    let Some(report) = drive(&tape.explain(g).html(), WIDE, script) else { return };
    assert_eq!((&report["calm"], &report["at"]), (&Value::from(true), &Value::from(true)));
    assert_eq!(report["frames"], 0);
}

#[test]
fn in_practice_who_goes_past_a_question_is_not_told_its_answer() {
    let tape = Tape::f64();
    let x = tape.var(3.0).named("x");
    let y = (x * x + x).named("y");
    let script = "
        document.getElementById('practise').click();
        press('ArrowRight');
        const first = text('#equation');
        press('End');
        const [held, box] = [text('#held'), getComputedStyle(document.querySelector('#v0 .grad')).visibility];
        const unknown = text('#equation');
        // v1 is x·x: its gradient is 1.
        const [form, field] = [document.getElementById('answers'), document.querySelector('[data-node=\"1\"]')];
        const fill = (value) => {
            field.value = value;
            form.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
            return text('#equation');
        };
        const [wrong, known] = ['2', '1'].map(fill);
        const told = ['#mistakes', '#nudges', '#words'].flatMap((query) => shown(query));
        const places = shown('.tape .why').length;
        document.getElementById('practise').click();
        return { first, held, box, unknown, wrong, known, told: told.length, places, after: text('#held') };";
    let Some(report) = drive(&tape.explain(y).html(), WIDE, script) else { return };
    let held = report["held"].as_str().unwrap();
    assert_eq!((held.matches('?').count(), held.matches('✓').count()), (3, 0), "{held}");
    assert_eq!(report["box"], "hidden");
    // The seed is no secret; what v1 holds is, until it was answered.
    assert_eq!(report["first"], "local ∂y/∂v11×upstream ∂y/∂y1=to v1?");
    assert_eq!(report["unknown"], "local ∂v1/∂x3×upstream ∂y/∂v1?=to x?");
    assert_eq!(report["wrong"], report["unknown"]);
    assert_eq!(report["known"], "local ∂v1/∂x3×upstream ∂y/∂v11=to x?");
    // Nothing else on the page tells, or stands empty; where a node was made is no secret.
    assert_eq!((&report["told"], &report["places"]), (&0.into(), &3.into()));
    assert_eq!(report["after"].as_str().unwrap().matches('✓').count(), 3);
}

#[test]
fn a_local_derivative_is_shown_as_soon_as_its_node_has_a_value() {
    let tape = Tape::f64();
    let [a, b] = [2.0, 5.0].map(|x| tape.var(x));
    let y = (a * b) * a;
    let script = "
        const locals = () => shown('svg .local').map((label) => label.textContent);
        const seen = [];
        for (let step = 1; step <= 4; step += 1) {
            seen.push(locals());
            press('ArrowRight');
        }
        return seen;";
    let Some(seen) = drive(&tape.explain(y).html(), WIDE, script) else { return };
    let count = |step: usize| seen[step].as_array().unwrap().len();
    assert_eq!([0, 1, 2, 3].map(count), [0, 0, 2, 4], "{seen}");
}

#[test]
fn a_rule_is_told_with_the_names_of_the_tape_and_small_tensors_with_their_numbers() {
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    let explained = tape.explain(loss);
    let script = "
        const [equations, sums] = [[], []];
        press('Home');
        for (let i = 1; i < Number(document.getElementById('slider').max); i += 1) {
            press('ArrowRight');
            equations.push(text('#equation'));
            sums.push(text('#held'));
        }
        document.getElementById('v1').dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return { equations, sums, inspected: text('#inspector') };";
    let Some(report) = drive(&explained.html(), WIDE, script) else { return };
    let equations: Vec<&str> =
        report["equations"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    let one = |begin: &str| {
        equations.iter().find(|text| text.starts_with(begin)).unwrap_or_else(|| panic!("{equations:#?}"))
    };
    assert!(one("rule for W1").starts_with("rule for W1∂W1 = Xᵀ·∂v"), "{}", one("rule for W1"));
    assert!(one("rule for b1").contains(", sum over axis 0"), "{}", one("rule for b1"));
    let tanh = explained.rows().iter().find(|row| row.node.name == "tanh").unwrap();
    let before = tanh.node.inputs[0];
    let rule = one(&format!("rule for v{before}"));
    assert!(rule.starts_with(&format!("rule for v{before}∂v{before} = ∂H∘(1 - H²)")), "{rule}");
    // Of eight entries each, in four rows, what comes and what is sent; and no norm.
    let (_, upstream) = rule.split_once("upstream").unwrap();
    assert_eq!((upstream.matches(';').count(), upstream.contains("norm")), (6, false), "{upstream}");
    let held =
        report["sums"].as_array().unwrap().iter().filter(|text| text.as_str().unwrap().contains("norm"));
    assert_eq!(held.count(), 0, "{}", report["sums"]);
    for letters in ["Ā", "B\u{304}", "Ȳ", "ȳ"] {
        assert!(!explained.html().contains(letters), "{letters} stands for nothing on the page");
    }
}

/// What a mouse clicked on has the focus; the space bar plays all the same.
#[test]
fn after_a_click_of_the_mouse_the_space_bar_plays() {
    let tape = Tape::f64();
    let x = tape.var(3.0);
    let script = "
        const next = document.getElementById('next');
        next.focus();
        next.dispatchEvent(new MouseEvent('click', { bubbles: true, detail: 1 }));
        press(' ', document.activeElement);
        const mouse = [document.activeElement === document.body, document.getElementById('play').getAttribute('aria-pressed')];
        press(' ');
        next.focus();
        next.click();
        return { mouse, keys: document.activeElement === next };";
    let Some(report) = drive(&tape.explain(x * x).html(), WIDE, script) else { return };
    assert_eq!(report, serde_json::json!({ "mouse": [true, "true"], "keys": true }));
}

#[test]
fn it_fits_a_telephone_and_keeps_still_by_itself() {
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    let explained = tape.explain(loss);
    let script = "
        document.getElementById('v0').dispatchEvent(new MouseEvent('click', { bubbles: true }));
        return { step: document.body.dataset.step, paper: getComputedStyle(document.body).backgroundColor };";
    let Some(report) = drive(&explained.html(), NARROW, script) else { return };
    assert_eq!(report["step"], "1");
    assert_eq!(report["paper"], "rgb(17, 22, 27)", "dark, as the reader wishes");
}

#[test]
fn without_scripts_the_drawing_the_table_and_the_words_are_there() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let explained = tape.explain(g);
    let page = explained.html();
    let (before_scripts, _) = page.split_once("<script").unwrap();
    assert_eq!(before_scripts.matches("<g class=\"box ").count(), 33);
    assert_eq!(before_scripts.matches("<tr id=\"row-").count(), 33);
    for step in explained.steps() {
        let sentence = typeset(&step.to_string());
        assert!(before_scripts.contains(&format!("<li>{sentence}</li>")), "{step}");
    }
    assert!(before_scripts.contains("<noscript><p class=\"notice\">Without scripts this page stands still"));
    for part in ["138.8338", "= v22 −6.94169 + v16 0 + v11 6.94169 + v3 166.6006 + v2 −27.7668", "10488.4519"]
    {
        assert!(before_scripts.contains(part), "{part}");
    }
}

/// The browser is told to run no scripts, as its user may tell it.
#[test]
fn without_scripts_every_node_is_read_with_its_numbers_and_nothing_waits_for_a_script() {
    let script = "
        const rows = shown('.tape tbody tr').map((row) => ['label', 'formula', 'adjoint'].map((cell) => shown(`#${row.id} .${cell}`)[0]?.innerText));
        const dead = shown('button, input, select, textarea, form, [role=button]').map((control) => control.outerHTML);
        document.querySelector('details').open = true;
        return { rows, dead, boxes: shown('.box').length, told: shown('noscript p').length, words: shown('#sentences li').length, scripted: document.documentElement.className };";
    let check = |explained: &Explanation<'_, f64>| {
        for view in [WIDE, NARROW] {
            let view = View { scripts: false, ..view };
            let Some(report) = drive(&explained.html(), view, script) else { return };
            assert_eq!(report["scripted"], "");
            assert_eq!(report["dead"], serde_json::json!([]), "controls that do nothing");
            let nodes = explained.rows().len();
            assert_eq!((&report["boxes"], &report["told"]), (&nodes.into(), &1.into()));
            assert_eq!(report["words"], explained.steps().len());
            assert_eq!(report["rows"].as_array().unwrap().len(), nodes);
            for (row, shown) in explained.rows().iter().zip(report["rows"].as_array().unwrap()) {
                let says = |cell: usize| shown[cell].as_str().unwrap().replace('−', "-");
                assert!(says(0).starts_with(&format!("v{}", row.node.id)), "{shown}");
                if row.node.value.rank() == 0 {
                    let (value, result) = (row.node.value.item(), says(1));
                    let shown: f64 = result.rsplit(' ').next().unwrap().parse().unwrap();
                    assert!((shown - value).abs() <= 1e-5 * value.abs(), "{result} is not {value}");
                }
                match row.adjoint.value().filter(|g| g.rank() == 0).map(Tensor::item) {
                    Some(g) => {
                        let shown: f64 = says(2).parse().unwrap();
                        assert!((shown - g).abs() <= 1e-5 * g.abs(), "{shown} is not {g}");
                    }
                    None => assert!(!says(2).is_empty(), "{shown}"),
                }
            }
        }
    };
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    check(&tape.explain(g));
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    check(&tape.explain(loss));
}

#[test]
fn the_pages_stand_alone_and_are_small() {
    let tape = Tape::f64();
    let [.., g] = readme(&tape);
    let page = tape.explain(g).html();
    stands_alone(&page);
    assert!(page.len() < 100_000, "{}", page.len());
    assert_eq!(page, tape.explain(g).html(), "the same bytes");
    let tape = Tape::f64();
    let [.., loss] = xor(&tape);
    let page = tape.explain(loss).html();
    stands_alone(&page);
    assert!(page.len() < 200_000, "{}", page.len());
    let tape = Tape::f64();
    let mut x = tape.var(0.7).named("x");
    let first = x;
    for _ in 0..333 {
        x = (x * first).sin() + first;
    }
    assert_eq!(tape.len(), 1000);
    let page = tape.explain(x).html();
    stands_alone(&page);
    assert!(page.len() < 2_000_000, "{}", page.len());
    assert!(page.contains("600 nodes of the table are not drawn."));
}

#[test]
fn a_window_says_what_is_left_out_and_can_be_walked_through() {
    let tape = Tape::f64();
    let mut x = tape.var(0.7).named("x");
    for _ in 0..5000 {
        x = x.sin();
    }
    let explained = tape.explain_window(x, 4990..5001);
    assert!(explained.html().contains("4990 more nodes before v4990 are left out"));
    walks(&explained);
    let explained = tape.explain_window(x, 0..10);
    let page = explained.html();
    assert!(page.contains("4991 more nodes after it, up to the root, are left out"));
    if let Some(report) = drive(&page, WIDE, "press('End'); return { step: document.body.dataset.step };") {
        assert_eq!(report["step"], "10", "forward only: the root is not in the window");
    }
}

#[test]
fn names_cannot_break_out_of_the_page() {
    const NASTY: &str = "</script><script>document.title='broken'</script>\"'<b>&{{css}}\n\u{2028}";
    let tape = Tape::new();
    let _layer = tape.layer(NASTY);
    let x = tape.var([1.0, -2.0]).named(NASTY);
    let page = tape.explain((x * x).sum().named(NASTY)).html();
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<b>&{{"));
    let script = "press('End'); return { title: document.title, name: text('#row-0 .label'), node: JSON.parse(text('#tape')).nodes[0].label };";
    let Some(report) = drive(&page, WIDE, script) else { return };
    let shown = NASTY.replace(['\n'], " ");
    assert_eq!(report["node"], shown);
    assert!(report["title"].as_str().unwrap().starts_with("</script>"), "{}", report["title"]);
    assert!(report["name"].as_str().unwrap().starts_with("v0 </script><script>"), "{}", report["name"]);
}

#[test]
fn values_alone_make_a_page_that_goes_forward() {
    let tape = Tape::f64();
    let x = tape.var(2.0).named("x");
    let _ = x.exp();
    let page = tape.explain_values().html();
    let script = "press('End'); return { step: document.body.dataset.step, practise: document.getElementById('practise').hidden };";
    if let Some(report) = drive(&page, WIDE, script) {
        assert_eq!((&report["step"], &report["practise"]), (&Value::from("2"), &Value::from(true)));
    }
    let empty = Tape::new();
    assert!(empty.explain_values().html().contains("0 steps"));
}

#[test]
fn what_is_not_finite_is_announced() {
    let tape = Tape::f64();
    let x = tape.var([4.0, -1.0]).named("x");
    let page = tape.explain(x.ln().sum()).html();
    assert!(page.contains("first value that is not finite: v1 ln is [1.38629 NaN]"), "{page}");
    // Line by line; and nothing is foretold of a root that is no number.
    assert!(
        page.contains("\n  x var = [4 −1]  made at tests/viz_html.rs:") && !page.contains("id=\"nudges\"")
    );
    // A mistake that makes no difference makes none to a NaN either.
    let other = tape.explain(tape.var(0.0).sqrt() * 0.0).html();
    assert!(other.contains("<td>NaN</td><td class=\"same\">NaN</td><td class=\"same\">NaN</td>"), "{other}");
    if let Some(report) = drive(&page, WIDE, "press('End'); return { step: document.body.dataset.step };") {
        assert_eq!(report["step"], "6");
    }
}

#[test]
fn texts_are_legible_in_light_and_in_dark() {
    let css = include_str!("../src/viz/page.css");
    let on =
        |behind: &'static str| ["ink", "soft", "value", "grad", "good", "bad"].map(|text| (text, behind));
    let mut pairs = [on("paper"), on("card")].concat();
    pairs.extend([
        ("value", "value-soft"),
        ("grad", "grad-soft"),
        ("ink", "grad-soft"),
        ("ink", "value-soft"),
    ]);
    pairs.extend([("soft", "grad-soft"), ("card", "value"), ("card", "grad"), ("paper", "ink")]);
    pairs.extend([
        ("card", "bad"),
        ("bad", "value-soft"),
        ("bad", "grad-soft"),
        ("good", "value-soft"),
        ("good", "grad-soft"),
    ]);
    is_legible(css, &pairs);
}
