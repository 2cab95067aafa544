"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const training = JSON.parse($("training").textContent);
  const { frames, grid, small, shown } = training;
  const sentences = [...$("sentences").children].map((line) => line.textContent);
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "\u002f")), (letter) => letter.charCodeAt(0));
  const minus = (text) => String(text).replace(/-(?=\d)/g, "\u2212");
  const slider = $("slider");
  let now = frames.length - 1, of = 0, playing = null;

  /* Blue below 0, white at 0, orange above. */
  const [less, plus] = [[0, 114, 178], [213, 94, 0]];
  const paint = (canvas, side, colour) => {
    const width = canvas.width, pen = canvas.getContext("2d"), image = pen.createImageData(width, width);
    for (let row = 0; row < width; row += 1) {
      for (let column = 0; column < width; column += 1) {
        image.data.set([...colour(row * side + column), 255], 4 * (row * width + column));
      }
    }
    pen.putImageData(image, 0, 0);
  };
  const numbers = (text, above) => {
    const says = bytes(text);
    return (place) => {
      const share = (says[place] - 128) / 127, end = share < 0 ? less : above;
      return end.map((part) => Math.round(255 + (part - 255) * Math.min(1, Math.abs(share))));
    };
  };

  function show(at) {
    now = Math.max(0, Math.min(frames.length - 1, at));
    const frame = frames[now], colours = bytes(frame.colours);
    document.body.dataset.frame = String(now + 1);
    slider.value = String(now + 1);
    slider.setAttribute("aria-valuetext", `epoch ${frame.epoch}`);
    $("epoch").textContent = `epoch ${frame.epoch}`;
    $("sentence").textContent = sentences[now];
    paint($("field"), grid, (place) => colours.subarray(3 * place, 3 * place + 3));
    $("border").setAttribute("d", frame.border);
    frame.says.forEach((column, layer) => column.forEach((says, unit) => {
      const canvas = $(`u-${layer}-${unit}`);
      /* An output is tinted as its class is. */
      const colour = canvas.dataset.colour?.match(/\w\w/g).map((part) => parseInt(part, 16));
      paint(canvas, small, numbers(says, colour ?? plus));
      const bias = layer > 0 ? frame.layers[layer - 1].bias[0]?.[unit] : undefined;
      canvas.title = canvas.dataset.label + (bias === undefined ? "" : `, bias ${minus(Number(bias).toPrecision(4))}`);
    }));
    wires(frame);
    const chart = $("cursor")?.closest("svg");
    if (chart) {
      const { left, right, epochs } = chart.dataset;
      const share = (Math.max(1, frame.epoch) - 1) / (Number(epochs) - 1);
      $("cursor").setAttribute("transform", `translate(${Number(left) + share * (Number(right) - Number(left))} 0)`);
    }
  }

  /* Widths on one scale for all layers of all moments. */
  const largest = [0, 1].map((which) => frames.reduce((most, frame) => frame.layers.reduce((most, layer) =>
    (layer.weight[which] ?? []).reduce((most, x) => Math.max(most, Math.abs(Number(x)) || 0), most), most), 0));
  function wires(frame) {
    frame.layers.forEach((layer, at) => {
      const list = layer.weight[of], units = layer.weight[0].length;
      const inputs = units / (layer.bias[0]?.length ?? Math.max(1, frame.says[at + 1].length));
      for (let place = 0; place < units; place += 1) {
        const [unit, input] = [Math.floor(place / inputs), place % inputs];
        if (unit >= shown || input >= shown) continue;
        const wire = $(`w-${at}-${unit}-${input}`);
        if (!wire) continue;
        const x = list ? Number(list[place]) : NaN;
        const share = largest[of] > 0 && Number.isFinite(x) ? Math.abs(x) / largest[of] : 0;
        wire.setAttribute("class", `wire${Number.isFinite(x) ? x < 0 ? " minus" : "" : " none"}`);
        wire.style.strokeWidth = String(0.4 + 7.6 * Math.sqrt(share));
        wire.dataset.number = list ? String(list[place]) : "";
        wire.firstElementChild.textContent = list ? minus(`${of ? "gradient" : "weight"} ${x.toPrecision(4)}`) : "no gradient yet";
      }
    });
  }

  function play(on) {
    clearInterval(playing);
    playing = on ? setInterval(() => (now === frames.length - 1 ? play(false) : show(now + 1)), 160) : null;
    $("play").setAttribute("aria-pressed", String(on));
    $("play").firstElementChild.className = on ? "icon rest" : "icon forth";
    if (on && now === frames.length - 1) show(0);
  }
  function lines(which) {
    of = which;
    $("weights").setAttribute("aria-pressed", String(of === 0));
    $("gradients").setAttribute("aria-pressed", String(of === 1));
    wires(frames[now]);
  }

  const on = (id, event, f) => $(id).addEventListener(event, f);
  const go = (to) => { play(false); show(to()); };
  on("first", "click", () => go(() => 0));
  on("previous", "click", () => go(() => now - 1));
  on("next", "click", () => go(() => now + 1));
  on("last", "click", () => go(() => frames.length - 1));
  on("play", "click", () => play(!playing));
  on("slider", "input", () => go(() => Number(slider.value) - 1));
  on("weights", "click", () => lines(0));
  on("gradients", "click", () => lines(1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("summary")) return;
    const moves = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: frames.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      go(() => moves[event.key]);
    } else if (event.key === " " && !event.target.closest?.("button")) {
      event.preventDefault();
      play(!playing);
    }
  });

  /* After a click of the mouse the space bar plays, and does not press that button again. */
  document.addEventListener("click", (event) => {
    if (event.detail > 0) event.target.closest?.("button")?.blur();
  });

  document.documentElement.classList.add("scripted");
  for (const id of ["plane", "sentence", "controls"]) $(id).hidden = false;
  $("net").hidden = frames[0].layers.length === 0;
  const wished = Number(new URLSearchParams(location.hash.slice(1)).get("frame"));
  show(wished ? wished - 1 : frames.length - 1);
})();
