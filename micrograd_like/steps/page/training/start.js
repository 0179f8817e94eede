// The page of a training: everything is made here, and follows the epoch.

/**
 * What pages around it, and tests, may ask and do: `window.training`.
 *
 * @typedef {object} TrainingHook
 * @property {(epoch: number) => void} go to the nearest epoch that is kept
 * @property {() => number} epoch that is shown
 * @property {(row: number[]) => number[]} predict the outputs at a row of inputs, after that epoch
 * @property {(name: string) => number | undefined} weight
 */

/** @param {TrainingData} data */
function startTraining(data) {
  const weights = unpacked(data.weights);
  const size = data.names.length;
  const palette = new Palette(data.colours, data.theme);
  const answers = data.graph
    ? new ComputedAnswers(data, data.graph)
    : new GivenAnswers(data, /** @type {GivenData} */ (data.given));
  answers.go(data.epochs.length - 1);
  const picture = pictureOf(byId("picture"), data, answers, palette);
  byId("looking-at").textContent = picture.title;
  const story = new WeightStory(byId("story"), data, weights);
  const largest = weights.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const root = byId("network");
  const network =
    data.network && new NetworkPicture(root, data, data.network, answers, palette, largest);
  const bars = network ? null : new WeightBars(root, data, story, largest);
  if (network) new Explorer(network, story, picture);
  const losses = new LossCurve(byId("losses"), data, (epoch) => player.stopAt(epoch));
  const numbers = new Numbers(data);
  writeLegend(data);

  let wanted = data.epochs.length - 1;
  let isDue = false;
  const draw = () => {
    isDue = false;
    const now = weights.subarray(wanted * size, (wanted + 1) * size);
    answers.go(wanted);
    picture.draw();
    network?.draw(now);
    bars?.draw(now);
    // What is read aloud at every epoch would never end while they go by themselves.
    byId("story").setAttribute("aria-live", player.isPlaying ? "off" : "polite");
    story.go(wanted);
    losses.go(wanted);
    numbers.go(wanted, answers, player.isPlaying);
  };
  /** @param {number} epoch */
  const show = (epoch) => {
    wanted = epoch;
    if (!isDue) requestAnimationFrame(draw);
    isDue = true;
  };
  const player = new EpochPlayer(data.epochs, show);
  const resize = () => {
    for (const part of [picture, network, losses]) part?.resize();
  };
  new ResizeObserver(resize).observe(byId("parts"));
  resize();
  player.go(startOf(data.epochs));
  drawForPaper(resize);
  palette.watch(draw);
  addEventListener("hashchange", () => player.stopAt(startOf(data.epochs)));
  pointAt(picture, data, answers);
  document.documentElement.classList.add("running");

  /** @type {TrainingHook} */
  const hook = {
    go: (epoch) => {
      player.stopAt(nearest(data.epochs, epoch));
      draw();
    },
    epoch: () => data.epochs[wanted],
    predict: (row) => answers.at(row),
    weight: (name) => weights[wanted * size + data.names.indexOf(name)],
  };
  Object.assign(window, { training: hook });
}

/** @param {HTMLElement} root @param {TrainingData} data @param {Answers} answers @param {Palette} palette @returns {Picture} */
function pictureOf(root, data, answers, palette) {
  root.classList.add(data.answers.kind);
  if (data.answers.kind === "map") return new AnswerMap(root, data, answers, palette);
  if (data.answers.kind === "fit") return new FittedCurve(root, data, answers);
  if (data.answers.kind === "table") return new ClassTable(root, data, answers);
  return new PredictedByTarget(root, data, answers);
}

/** No script runs between printing's layout and the print: take its size before. @param {() => void} resize */
function drawForPaper(resize) {
  /** @param {boolean} isOnPaper */
  const print = (isOnPaper) => {
    document.documentElement.classList.toggle("on-paper", isOnPaper);
    resize();
  };
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
}

/** The place of the epoch that the address asks for, as in #42; or of the last. @param {number[]} epochs */
function startOf(epochs) {
  const asked = /^#(\d+)$/.exec(location.hash);
  return asked ? nearest(epochs, Number(asked[1])) : epochs.length - 1;
}

/** @param {number[]} epochs @param {number} number */
function nearest(epochs, number) {
  const apart = epochs.map((epoch) => Math.abs(epoch - number));
  return apart.indexOf(Math.min(...apart));
}

/** Tell what the model answers where the pointer is. @param {Picture} picture @param {TrainingData} data @param {Answers} answers */
function pointAt(picture, data, answers) {
  const { kind, labels } = data.answers;
  const plot = picture instanceof AnswerMap || picture instanceof FittedCurve ? picture.plot : null;
  if (!plot || !data.graph) return;
  const line = byId("pointed");
  plot.svg.addEventListener("pointermove", (event) => {
    const at = plot.at(event);
    if (!at) return;
    const row = kind === "map" ? at : at.slice(0, 1);
    const outputs = answers.at(row);
    const where = row.map((x, k) => `${data.inputs[k]} = ${short(x)}`).join(", ");
    const answer = labels.length ? `, class ${labels[classOf(outputs)]}` : "";
    line.textContent = `${where}: ${outputs.map(short).join(", ")}${answer}`;
  });
  plot.svg.addEventListener("pointerleave", () => {
    line.textContent = "";
  });
}
