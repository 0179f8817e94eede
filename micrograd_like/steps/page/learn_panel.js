// The tool that learns: steps of gradient descent, one at a time or by themselves.

class LearnPanel {
  static PER_SECOND = 8; // steps that run, at speed 1

  /** @param {Live} live @param {Descent} descent */
  constructor(live, descent) {
    this.live = live;
    this.descent = descent;
    this.timer = 0;
    /** Why it has stopped. */
    this.reason = "";
    this.element = part("section", "", "learn");
    this.list = new LearnerList(descent, () => this.refresh());
    this.rate = new LogField({
      name: "learning rate",
      symbol: "learning rate",
      powers: [-4, 1],
      value: 0.1,
    });
    this.losses = new LossChart(descent);
    const buttons = part("div", "", "buttons");
    this.stepButton = this.button("one step", () => this.take(() => descent.step(this.rate.value)));
    this.runButton = this.button("run", () => (this.isRunning ? this.stop() : this.start()));
    this.epochButton = this.button("one epoch", () =>
      this.take(() => descent.epoch(this.rate.value)),
    );
    this.backButton = this.button("back to the start", () => this.back());
    buttons.append(this.stepButton, this.runButton, this.epochButton, this.backButton);
    const { points } = live.graph.source;
    this.epochButton.hidden = !points.length;
    this.epochButton.title = `a step for each of the ${points.length} data points, by its loss alone`;
    this.trouble = part("p", "", "trouble");
    this.trouble.setAttribute("role", "alert");
    this.element.append(this.list.element, this.rate.element, buttons, this.trouble);
    this.element.append(this.losses.element);
    /** How much there was to undo when the last step was taken. */
    this.depth = 0;
    live.on("numbers", () => {
      if (live.edits.length < this.depth) this.stop(); // it was taken back
      this.depth = live.edits.length;
      this.reason = "";
      this.list.refresh();
      this.refresh();
    });
    this.refresh();
  }

  /** @param {string} words @param {() => void} press */
  button(words, press) {
    const made = make("button", { type: "button", textContent: words });
    made.addEventListener("click", press);
    return made;
  }

  get isRunning() {
    return this.timer !== 0;
  }

  /** Take a step, or several; says why if it can't be. @param {() => boolean} act */
  take(act) {
    const isTaken = act();
    this.reason = isTaken ? "" : this.descent.refused;
    if (!isTaken) {
      this.stop();
      this.refresh();
    }
    return isTaken;
  }

  start() {
    this.live.player.play(false);
    this.beat();
  }

  /** A step, and the next one a little later, at the speed of the player; all are one to undo. @param {boolean} [isMore] */
  beat(isMore = false) {
    const isTaken = this.take(() => this.descent.step(this.rate.value, isMore));
    const pause = 1000 / (LearnPanel.PER_SECOND * this.live.player.speed);
    const goesOn = isTaken && !this.descent.problem;
    this.timer = goesOn ? setTimeout(() => this.beat(true), pause) : 0;
    this.show();
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.show();
  }

  back() {
    this.stop();
    this.reason = "";
    this.live.reset();
    this.refresh();
  }

  /** What follows from whether steps run. */
  show() {
    const { isRunning } = this;
    this.runButton.textContent = isRunning ? "stop" : "run";
    // What is read aloud at every step would never end.
    for (const it of [byId("board"), this.losses.status])
      it.setAttribute("aria-live", isRunning ? "off" : "polite");
  }

  refresh() {
    if (this.element.hidden) return;
    const { problem } = this.descent;
    const trouble = problem || this.reason;
    if (this.trouble.textContent !== trouble) this.trouble.textContent = trouble;
    for (const it of [this.stepButton, this.epochButton]) it.disabled = Boolean(problem);
    this.runButton.disabled = Boolean(problem) && !this.isRunning;
    this.losses.draw();
  }
}

/**
 * @param {Live} live
 * @param {Descent} descent
 * @returns {Panel}
 */
function learnPanel(live, descent) {
  const panel = new LearnPanel(live, descent);
  return {
    id: "learn",
    title: "learn",
    key: "l",
    element: panel.element,
    open: () => panel.refresh(),
    close: () => panel.stop(),
  };
}
