"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const tape = JSON.parse($("tape").textContent);
  const { nodes } = tape;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const svg = $("graph"), pane = $("pane"), slider = $("slider"), side = $("card").parentElement;

  /* Small makers: elements, and numbers with a real minus. */
  const make = (tag, attributes = {}, ...inside) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...inside);
    return element;
  };
  const draw = (tag, attributes = {}) => {
    const element = document.createElementNS(svg.namespaceURI, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const minus = (text) => String(text).replace(/(?<![\p{L}\p{N}])-(?=[\d.i(\u221a\u2202])/gu, "\u2212");

  /* The boxes of the graph; a box may stand for several nodes. */
  const boxes = new Map();
  for (const box of svg.querySelectorAll(".box")) {
    const [value, grad] = [box.querySelector(".value"), box.querySelector(".grad")];
    boxes.set(box.id, { box, grad, members: [], value, drawn: value?.textContent, final: grad ? grad.textContent : "" });
  }
  for (const node of nodes) if (boxes.has(node.box)) boxes.get(node.box).members.push(node);
  const locals = [...svg.querySelectorAll(".local")].map((label, at) => ({ label, of: boxes.get(tape.labelled[at]) }));
  const boxOf = (id) => byId.has(id) ? boxes.get(byId.get(id).box) : undefined;
  const edgeOf = (from, input) => document.getElementById(`v${from}-${input}`);

  /* A way through the tape: its steps, their sentences, and by node when something arrived. */
  const forward = nodes.map((node) => ({ kind: "forward", node: node.id }));
  const seed = tape.seed.map(([node, sum, brief, exact]) => ({ kind: "seed", node, sum, brief, exact, got: 1, of: 1 }));
  const sends = tape.sends.map(([from, input, node, scalar, local, upstream, sent, short, gives, of, sum, brief, exact]) =>
    ({ kind: "backward", from, input, node, scalar, local, upstream, sent, short, gives, of, sum, brief, exact }));
  const seedAt = seed.length ? forward.length : -1;
  const wayOf = (sends, sentences) => {
    const arrivals = new Map(nodes.map((node) => [node.id, []])), steps = [...forward, ...seed, ...sends];
    steps.forEach((step, at) => {
      if (step.kind === "forward") return;
      const list = arrivals.get(step.node);
      list.push(at);
      step.got = list.length;
    });
    return { steps, sentences, arrivals };
  };
  const right = wayOf(sends, [...$("sentences").children].map((line) => line.textContent));

  /* The same tape gone back on as it should not be: in no order, with = for +=, twice. */
  const mistaken = (sent, kind) => {
    const held = new Map(seed.map((step) => [step.node, step.sum])), total = new Map(), got = new Map(), gone = new Set();
    for (const [edge] of sent) total.set(sends[edge].node, (total.get(sends[edge].node) ?? 0) + 1);
    const begun = forward.length + seed.length, sentences = right.sentences.slice(0, begun);
    const steps = sent.map(([edge, what, sum, brief = sum], at) => {
      const step = sends[edge], [from, to] = [byId.get(step.from), byId.get(step.node)];
      const [upstream, before] = [held.get(step.from), held.get(step.node)];
      const due = right.arrivals.get(step.from).filter((at) => at !== seedAt).length, has = got.get(step.from) ?? 0;
      const why = [
        () => gone.has(edge) ? `again: what ${from.label} has sent before is sent once more` : has < due ? `too early: ${from.label} has ${has} of its ${due} contributions` : "",
        () => before === undefined ? "" : `${before} is written over and forgotten`,
        () => at >= sends.length && got.get(step.node) === step.of ? `${before} was left from the first pass` : "",
      ][kind]();
      gone.add(edge);
      held.set(step.node, sum);
      got.set(step.node, (got.get(step.node) ?? 0) + 1);
      const product = step.scalar ? `${step.local} \u00d7 ${upstream} = ${what}` : `${what} (${step.local})`;
      sentences.push(minus(`step ${begun + at + 1}: ${from.label} ${from.op} sends ${product} to ${to.label}; ${to.label} holds ${sum}.`));
      const short = step.scalar && Number.isFinite(Number(what)) ? String(Number(Number(what).toPrecision(4))) : what;
      return { ...step, upstream, sent: what, sum, brief, short, why, gives: null, exact: undefined, of: total.get(step.node) };
    });
    return wayOf(steps, sentences);
  };
  const ways = [right, ...tape.ways.map((sent, kind) => sent && mistaken(sent, kind))];
  let { steps, sentences, arrivals } = right, way = 0;
  let now = steps.length - 1, playing = null, quiz = false, told = new Set(), answered = new Set(), picked = null;

  /* What a node holds after step `at`: the last arrival up to it. */
  const heldAt = (id, at) => {
    const seen = arrivals.get(id).filter((arrival) => arrival <= at);
    return seen.length ? steps[seen[seen.length - 1]] : null;
  };

  function show(at, { follow = true } = {}) {
    now = Math.max(0, Math.min(steps.length - 1, at));
    const step = steps[now];
    document.body.dataset.step = String(now + 1);
    slider.value = String(now + 1);
    slider.setAttribute("aria-valuetext", `step ${now + 1} of ${steps.length}, ${step.kind}`);
    paint(step);
    tell(step);
    side.scrollTop = 0;
    if (follow) center(boxOf(step.node));
  }

  function paint(step) {
    for (const entry of boxes.values()) {
      const { box, grad, members, value, drawn, final } = entry;
      box.classList.remove("now", "giver", "off");
      if (!members.length) continue;
      const last = members[members.length - 1];
      box.classList.toggle("unborn", now < last.index);
      const held = heldAt(last.id, now);
      box.dataset.value = now < last.index ? "" : JSON.stringify(last.value);
      box.dataset.grad = held && held.exact !== undefined ? JSON.stringify(held.exact) : "";
      box.classList.toggle("told", !quiz || (held !== null && arrivals.get(last.id).every((arrival) => arrival > now || revealed(arrival))));
      if (!grad) continue;
      const comes = held && `\u2202 ${minus(held.brief)}`;
      const text = !held ? "" : held.of > held.got ? `${comes} ${held.got}/${held.of}` : `${final} \u2713`;
      grad.textContent = seedAt < 0 ? final : text;
      /* On a wrong way the right gradient stands above what comes together. */
      const due = way > 0 ? right.arrivals.get(last.id).at(-1) : undefined;
      if (value) value.textContent = due === undefined ? drawn : `\u2713 ${final}`;
      value?.classList.toggle("due", due !== undefined);
      if (due === undefined || !held || held.of > held.got) continue;
      const off = held.sum !== right.steps[due].sum;
      grad.textContent = `${comes} ${off ? "\u2260" : "="}`;
      box.classList.toggle("off", off);
    }
    /* A local derivative is known as soon as the node has its value. */
    for (const { label, of } of locals) label.classList.toggle("unborn", now < of.members.at(-1).index);
    for (const edge of svg.querySelectorAll(".edge")) edge.classList.remove("lit", "now", "feed", "amiss");
    for (const done of steps.slice(seedAt + 1, now + 1)) {
      const edge = seedAt >= 0 && done.kind === "backward" && edgeOf(done.from, done.input);
      if (edge) edge.classList.add("lit");
    }
    for (const row of document.querySelectorAll(".tape tr.now")) row.classList.remove("now");
    $(`row-${step.node}`)?.classList.add("now");
    boxOf(step.node)?.box.classList.add("now");
    if (step.kind === "forward") {
      for (const edge of svg.querySelectorAll(`.edge[id^="v${step.node}-"]`)) edge.classList.add("feed");
    } else if (step.kind === "backward") {
      boxOf(step.from)?.box.classList.add("giver");
      edgeOf(step.from, step.input)?.classList.add("now", ...(step.why ? ["amiss"] : []));
    }
    carry(step);
  }

  /* A label that goes up the edge with what is sent. */
  let mote = null, flight = 0;
  function carry(step) {
    cancelAnimationFrame(flight);
    mote?.remove();
    mote = null;
    const path = step.kind === "backward" ? edgeOf(step.from, step.input) : null;
    if (!path || asking()) return;
    const text = minus(step.scalar ? step.short : "\u2202");
    const width = 12 + 7.2 * text.length;
    mote = draw("g", { class: step.why ? "mote amiss" : "mote" });
    mote.append(draw("rect", { x: -width / 2, y: -9, width, height: 18, rx: 9 }));
    const label = draw("text", { y: 4 });
    label.textContent = text;
    mote.append(label);
    svg.append(mote);
    const length = path.getTotalLength();
    const place = (share) => {
      const point = path.getPointAtLength(length * (1 - share));
      mote.setAttribute("transform", `translate(${point.x} ${point.y})`);
    };
    if (calm.matches || playing) return place(0.5);
    const start = performance.now();
    const frame = (time) => {
      const share = Math.min(1, (time - start) / 450);
      place(0.08 + 0.42 * share * (2 - share));
      if (share < 1) flight = requestAnimationFrame(frame);
    };
    place(0.08);
    flight = requestAnimationFrame(frame);
  }

  /* In practice what a step gives is hidden until it was answered, also for who goes past it. */
  const revealed = (at) => !quiz || told.has(at) || !(steps[at].gives?.length > 0);
  const asking = () => !revealed(now);
  /* Nor does a step say what its node holds before all that came to it, or it itself, was answered. */
  const isKnown = (id) => !quiz || id === tape.root || answered.has(id) || right.arrivals.get(id).every(revealed);

  function tell(step) {
    const phase = $("phase"), equation = $("equation");
    phase.textContent = { forward: "forward", seed: "the seed", backward: "backward" }[step.kind];
    phase.className = step.kind;
    if (way > 0 && step.kind === "backward") phase.textContent += `, ${nameOf(way)}`;
    $("count").textContent = `step ${now + 1} of ${steps.length}`;
    equation.textContent = "";
    equation.classList.remove("long", "stacked");
    const term = (label, text, kind = "") => make("span", { class: `term ${kind}` }, make("small", {}, label), minus(text));
    const name = byId.get(step.node).label;
    if (step.kind === "forward") {
      const text = formula(step.node) || name;
      equation.classList.toggle("long", text.length > 26);
      equation.append(term(name, text, "value"));
    } else if (step.kind === "seed") {
      equation.append(term(`\u2202${name}/\u2202${name}`, step.brief, "grad"));
    } else {
      const from = byId.get(step.from).label, root = byId.get(tape.root).label;
      const sent = asking() ? "?" : step.sent;
      const sign = (text) => make("span", { class: "sign" }, text);
      const upstream = isKnown(step.from) || told.has(now) ? step.upstream : "?";
      equation.classList.toggle("long", (step.local + upstream + sent).length > 24);
      equation.classList.toggle("stacked", !step.scalar);
      equation.append(
        term(step.scalar ? `local \u2202${from}/\u2202${name}` : `rule for ${name}`, step.local), sign("\u00d7"),
        term(`upstream \u2202${root}/\u2202${from}`, upstream, "grad"), sign("="),
        term(`to ${name}`, sent, "grad"));
    }
    const question = `step ${now + 1}: what does ${step.from === undefined ? "" : byId.get(step.from).label} send to ${name}?`;
    $("sentence").textContent = asking() ? question : sentences[now];
    $("ask").hidden = !asking();
    if (!asking()) $("guess").value = "";
    $("verdict").textContent = step.why ? minus(`\u2717 ${step.why}`) : "";
    $("verdict").className = step.why ? "verdict bad" : "verdict";
    holdings(step);
  }

  /* The accumulator: what has arrived, what is still to come, and the running sum. */
  function holdings(step) {
    const held = $("held");
    held.textContent = "";
    held.classList.toggle("tensors", !step.scalar);
    if (step.kind !== "backward") return;
    const list = make("ol");
    const heading = step.of === 1 ? "one contribution" : `a sum of ${step.of} contributions`;
    let summed = true;
    for (const at of arrivals.get(step.node)) {
      const other = steps[at];
      if (other.kind !== "backward") continue;
      const state = at < now ? "" : at === now ? "now" : "waits";
      const known = at <= now && revealed(at);
      summed &&= known;
      const mark = known ? "\u2713" : "\u00b7";
      const text = known ? `${minus(other.sent)}` : at <= now ? "?" : "waits";
      /* One tensor alone is its own sum. */
      const sum = summed && (step.scalar || step.of > 1) ? minus(other.sum) : "";
      list.append(make("li", { class: state }, make("span", {}, mark),
        make("span", {}, `from ${byId.get(other.from).label}: ${text}`), make("span", {}, sum)));
    }
    held.append(make("h3", {}, `${byId.get(step.node).label} gathers ${heading}, and holds`), list);
    if (way > 0) held.append(make("p", { class: "good" }, `\u2713 right: ${minus(right.steps[right.arrivals.get(step.node).at(-1)].sum)}`));
    const current = list.querySelector(".now");
    list.scrollTop = current.offsetTop - list.clientHeight / 2;
  }

  const cellOf = (id, name) => $(`row-${id}`)?.querySelector(`.${name}`)?.textContent ?? "";
  const formula = (id) => cellOf(id, "formula");

  function inspect(id) {
    const node = byId.get(id), panel = $("inspector");
    if (!node) return;
    picked = id;
    for (const { box } of boxes.values()) box.classList.remove("picked");
    boxOf(id)?.box.classList.add("picked");
    panel.textContent = "";
    panel.hidden = false;
    const close = make("button", { type: "button", "aria-label": "close" }, "\u00d7");
    close.addEventListener("click", () => { panel.hidden = true; boxOf(id)?.box.classList.remove("picked"); picked = null; });
    panel.append(make("h3", {}, `${node.label} ${node.op}`, close));
    const facts = make("dl");
    const fact = (name, text) => { if (text) facts.append(make("dt", {}, name), make("dd", {}, minus(text))); };
    fact("value", formula(id));
    for (const [of, text] of node.derivatives) fact(`d/d${of}`, text);
    const hiddenGrad = quiz && seedAt >= 0;
    const grad = cellOf(id, "adjoint");
    if (!hiddenGrad) fact("gradient", node.because ? `${grad} (${node.because})` : grad);
    fact("checked", node.check);
    fact("made at", node.line);
    panel.append(facts);
    const uses = right.arrivals.get(id).map((at) => right.steps[at]).filter((step) => step.kind === "backward");
    if (uses.length && !hiddenGrad) {
      const table = make("table"), body = make("tbody");
      table.append(make("thead", {}, make("tr", {}, ...["use", "local \u00d7 upstream", "sent"].map((text) => make("th", {}, text)))), body);
      for (const use of uses) {
        const what = use.scalar ? `${minus(use.local)} \u00d7 ${minus(use.upstream)}` : minus(use.local);
        body.append(make("tr", {}, make("td", {}, byId.get(use.from).label), make("td", {}, what), make("td", {}, minus(use.sent))));
      }
      table.append(make("tfoot", {}, make("tr", {}, make("td", { colspan: 2 }, "sum"), make("td", {}, minus(uses[uses.length - 1].sum)))));
      panel.append(table);
    }
    const heat = $(`heat-${id}`);
    if (heat) {
      const copy = heat.cloneNode(true);
      copy.removeAttribute("id");
      panel.append(make("div", { class: "heats" }, copy));
    }
    side.scrollTop = panel.offsetTop;
  }

  /* The view of the graph: its size, and what is in the middle. */
  const [fullWidth, fullHeight] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
  let zoom = 1;
  function resize(to) {
    zoom = Math.max(0.2, Math.min(2.5, to));
    svg.setAttribute("width", String(fullWidth * zoom));
    svg.setAttribute("height", String(fullHeight * zoom));
  }
  function center(entry) {
    if (!entry) return;
    const [box, frame] = [entry.box.getBoundingClientRect(), pane.getBoundingClientRect()];
    const left = pane.scrollLeft + box.left + box.width / 2 - frame.left - frame.width / 2;
    const top = pane.scrollTop + box.top + box.height / 2 - frame.top - frame.height / 2;
    pane.scrollTo({ left, top, behavior: calm.matches ? "auto" : "smooth" });
  }
  const comfortable = () => Math.max(0.8, Math.min(1, (pane.clientWidth - 2) / fullWidth));
  const whole = () => Math.min(1, (pane.clientWidth - 2) / fullWidth, (pane.clientHeight - 2) / fullHeight);

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => (now === steps.length - 1 || asking() ? play(false) : show(now + 1)), 900) : null;
    $("play").setAttribute("aria-pressed", String(on));
    $("play").firstElementChild.className = on ? "icon rest" : "icon forth";
    if (on && now === steps.length - 1) show(0);
  }

  /* An answer: a number, a product, a quotient; of a tensor a list of them. */
  const read = (text) => {
    const parts = text.replace(/\u2212/g, "-").replace(/[\u00d7\u00b7]/g, "*").trim().split(/([*:\u00f7]|\/)/);
    const numbers = parts.filter((_, i) => i % 2 === 0).map((part) => part.trim() === "" ? NaN : Number(part));
    return numbers.slice(1).reduce((left, right, i) => (parts[2 * i + 1] === "*" ? left * right : left / right), numbers[0]);
  };
  const judge = (answer, right) => {
    const differences = right.map((x, i) => Math.abs(answer[i] - x));
    const apart = answer.length === right.length ? Math.max(...differences) : NaN;
    const digits = (x) => Math.abs(x) >= 1 ? 6 - Math.ceil(Math.log10(Math.abs(x) + 1e-300)) : 4;
    const rounded = (x, i) => Math.abs(answer[i] - x) <= 1e-8 + 1e-5 * Math.abs(x) || Math.abs(answer[i] - x) <= 0.51 * 10 ** -Math.min(4, Math.max(2, digits(x)));
    if (apart === 0) return ["exact", "\u2713 exact", apart];
    if (answer.length === right.length && right.every(rounded)) return ["approximate", `\u2248 right to rounding, apart by ${Number(apart.toPrecision(3))}`, apart];
    return ["wrong", Number.isNaN(apart) ? "\u2717 that is no number" : `\u2717 wrong, apart by ${Number(apart.toPrecision(3))}`, apart];
  };
  const verdict = (element, [kind, text]) => {
    element.textContent = minus(text);
    element.className = `verdict ${kind === "wrong" ? "bad" : "good"}`;
  };

  const nameOf = (which) => document.querySelector(`[data-way="${which}"]`).textContent;
  function take(which) {
    if (quiz) practise(false);
    play(false);
    way = which;
    ({ steps, sentences, arrivals } = ways[way]);
    document.body.classList.toggle("astray", way > 0);
    if ($("astray")) $("astray").hidden = way === 0;
    for (const button of document.querySelectorAll("[data-way]")) button.setAttribute("aria-pressed", String(Number(button.dataset.way) === way));
    slider.max = String(steps.length);
    $("phases").style.setProperty("--share", `${((seedAt < 0 ? steps.length : seedAt + 0.5) / steps.length) * 100}%`);
    show(Math.max(seedAt, 0));
  }

  function practise(on) {
    if (on && way > 0) take(0);
    quiz = on;
    told = new Set();
    answered = new Set();
    $("practise").setAttribute("aria-pressed", String(on));
    document.body.classList.toggle("quiz", on);
    $("practice").hidden = !on;
    if (picked !== null) inspect(picked);
    show(on ? Math.max(seedAt, 0) : now);
  }

  function questions() {
    const form = $("answers");
    const asked = nodes.filter((node) => node.adjoint && node.adjoint.length <= 16 && node.id !== tape.root).reverse();
    const fields = asked.map((node) => {
      const input = make("input", { autocomplete: "off", spellcheck: "false", "data-node": node.id });
      const said = make("p", { class: "verdict" });
      form.append(make("div", {}, make("label", {}, `\u2202/\u2202${node.label} (${node.op})`, input), said));
      return { node, input, said };
    });
    const result = make("p", { class: "verdict", role: "status", id: "first-wrong" });
    form.append(make("div", { class: "wide" }, make("button", {}, "Check what is filled in"), result));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      let first = null, filled = 0;
      for (const { node, input, said } of fields) {
        if (!input.value.trim()) { said.textContent = ""; continue; }
        filled += 1;
        const answer = input.value.trim().split(node.adjoint.length > 1 ? /[\s,;]+/ : /$^/).map(read);
        const judged = judge(answer, node.adjoint);
        verdict(said, judged);
        if (judged[0] !== "wrong") answered.add(node.id);
        if (judged[0] === "wrong" && !first) first = node;
      }
      result.textContent = first ? `first wrong going backward: ${first.label}` : filled ? "nothing wrong" : "fill in some";
      result.className = `verdict ${first ? "bad" : "good"}`;
      tell(steps[now]);
    });
  }

  /* Everything that listens. */
  const on = (id, event, f) => $(id)?.addEventListener(event, f);
  on("first", "click", () => { play(false); show(0); });
  on("previous", "click", () => { play(false); show(now - 1); });
  on("next", "click", () => { play(false); show(now + 1); });
  on("last", "click", () => { play(false); show(steps.length - 1); });
  on("play", "click", () => play(!playing));
  on("slider", "input", () => { play(false); show(Number(slider.value) - 1); });
  on("constants", "change", (event) => svg.classList.toggle("no-constants", !event.target.checked));
  on("smaller", "click", () => { resize(zoom / 1.25); center(boxOf(steps[now].node)); });
  on("larger", "click", () => { resize(zoom * 1.25); center(boxOf(steps[now].node)); });
  on("fit", "click", () => { resize(whole()); center(boxOf(steps[now].node)); });
  on("practise", "click", () => practise(!quiz));
  for (const button of document.querySelectorAll("[data-way]")) button.addEventListener("click", () => take(Number(button.dataset.way)));
  on("sample", "change", (event) => {
    for (const row of document.querySelectorAll(".heat tr")) row.classList.remove("chosen");
    for (const row of document.querySelectorAll(`.batch .heat tr[data-row="${event.target.value}"]`)) row.classList.add("chosen");
  });
  on("ask", "submit", (event) => {
    event.preventDefault();
    const step = steps[now], text = $("guess").value.trim();
    const answer = text.split(step.gives.length > 1 ? /[\s,;]+/ : /$^/).map(read);
    const judged = judge(answer, step.gives);
    if (judged[0] === "wrong") return verdict($("verdict"), judged);
    told.add(now);
    show(now);
    verdict($("verdict"), judged);
    $("next").focus();
  });
  for (const { box, members } of boxes.values()) {
    if (!members.length) continue;
    const last = members[members.length - 1];
    box.setAttribute("tabindex", "0");
    box.setAttribute("role", "button");
    box.setAttribute("aria-label", box.querySelector("title").textContent.replace(/, gradient.*$/, ""));
    box.addEventListener("click", () => inspect(last.id));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      inspect(last.id);
    });
  }
  for (const node of nodes) {
    $(`row-${node.id}`)?.addEventListener("click", () => { inspect(node.id); center(boxOf(node.id)); });
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input:not([type=range]), select, summary")) return;
    const moves = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: steps.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      play(false);
      show(moves[event.key]);
    } else if (event.key === " " && !event.target.closest?.("button")) {
      event.preventDefault();
      play(!playing);
    }
  });

  /* After a click of the mouse the space bar plays, and does not press that button again. */
  document.addEventListener("click", (event) => {
    if (event.detail > 0) event.target.closest?.("button, input[type=checkbox]")?.blur();
  });

  nodes.forEach((node, index) => { node.index = index; });
  document.documentElement.classList.add("scripted");
  for (const hidden of document.querySelectorAll(".tools, #card, #controls, .sample")) hidden.hidden = false;
  if (seedAt < 0) $("practise").hidden = true;
  else questions();
  resize(comfortable());
  take(0);
  const wished = Number(new URLSearchParams(location.hash.slice(1)).get("step"));
  show(wished ? wished - 1 : 0);
  const shown = Number(new URLSearchParams(location.hash.slice(1)).get("node") ?? NaN);
  if (byId.has(shown)) inspect(shown);
})();
