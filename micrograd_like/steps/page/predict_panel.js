// The tool that asks: a leaf goes up a little; which way does the loss go?

class PredictPanel {
  static PATHS = 3; // that a reason lists

  /** @param {Live} live */
  constructor(live) {
    this.live = live;
    this.questions = new Questions(live);
    /** @type {Question | null} */
    this.question = null;
    this.isAsking = false;
    this.isChanging = false;
    this.right = 0;
    this.count = 0;
    this.element = part("section", "", "predict");
    this.words = part("p", "", "question");
    this.answers = part("div", "", "buttons");
    this.answers.setAttribute("role", "group");
    this.answers.setAttribute("aria-label", "your answer");
    /** @type {[Direction, string][]} */
    const choices = [
      ["up", "↑ up"],
      ["down", "↓ down"],
      ["stay", "= stays"],
    ];
    this.choices = choices.map(([direction, words]) => {
      const button = make("button", { type: "button", textContent: words });
      button.addEventListener("click", () => this.answer(direction));
      this.answers.append(button);
      return button;
    });
    this.verdict = part("p", "", "verdict");
    this.verdict.setAttribute("role", "status");
    this.why = part("div", "", "why");
    this.nextButton = make("button", { type: "button", textContent: "next question" });
    this.nextButton.addEventListener("click", () => this.next());
    this.score = part("span", "", "score");
    this.note = part("p", "The numbers are new; yours come back when this closes.", "note");
    const going = part("p", "", "going");
    going.append(this.nextButton, " ", this.score);
    this.element.append(this.note, this.words, this.answers, this.verdict, going, this.why);
    live.on("numbers", () => this.whenChanged());
    live.on("view", () => this.isAsking && this.hide());
    live.on("select", () => this.whenChosen());
  }

  get isOpen() {
    return !this.element.hidden;
  }

  /** With other numbers there may be something to ask. */
  whenChanged() {
    if (this.isOpen && !this.isChanging && !this.question) this.next();
  }

  /** A leaf that is chosen is asked about. */
  whenChosen() {
    const { selected, graph } = this.live;
    if (this.isOpen && selected >= 0 && graph.isLeaf(selected)) this.ask(selected);
  }

  /** Begin with the leaf that is chosen, if it was not asked about. */
  begin() {
    const { selected, graph } = this.live;
    const isNew = selected >= 0 && graph.isLeaf(selected) && !this.questions.asked.has(selected);
    if (isNew) this.ask(selected);
    else this.next();
  }

  /** Why nothing can be asked. */
  get problem() {
    return this.live.problem;
  }

  next() {
    if (this.problem) return this.cannot(this.problem);
    this.isChanging = true;
    const question = this.questions.next();
    this.isChanging = false;
    if (question) this.put(question);
    else this.cannot("There is no leaf here whose gradient tells which way the loss goes.");
  }

  /** Ask about a leaf. @param {number} leaf */
  ask(leaf) {
    const question = this.problem ? null : this.questions.about(leaf);
    if (question) return this.put(this.questions.ask(question));
    const { text } = this.live.board.names[leaf];
    const where = `${text} is at a kink or in a valley, where the gradient does not tell.`;
    this.cannot(this.problem || `${where} Choose another leaf.`);
  }

  /** Nothing is asked, for a reason. @param {string} reason */
  cannot(reason) {
    this.question = null;
    this.note.hidden = true;
    this.show();
    this.words.textContent = reason;
    this.answers.hidden = true;
    this.nextButton.hidden = Boolean(this.problem);
    this.clear();
  }

  /** @param {Question} question */
  put(question) {
    const isFocused = this.element.contains(document.activeElement);
    this.question = question;
    this.isAsking = true;
    const { graph, board } = this.live;
    const [leaf, root] = [question.leaf, graph.root].map((place) => board.names[place].text);
    const [from, to] = [graph.data[question.leaf], graph.data[question.leaf] + question.h];
    this.words.textContent = `${leaf} goes up a little, from ${number(from)} to ${number(to)}. Which way does ${root} go?`;
    this.answers.hidden = false;
    this.note.hidden = !this.questions.isRenewed;
    this.clear();
    this.nextButton.hidden = true;
    this.hide();
    if (isFocused) this.choices[0].focus();
  }

  clear() {
    this.verdict.replaceChildren();
    this.why.replaceChildren();
  }

  /** Hide what gives the answer away. */
  hide() {
    const { live, question } = this;
    if (!question) return;
    live.isLocked = true; // or who turns the leaf would see the answer
    live.stage.show = new Unanswered(live.scenes, this.words.textContent ?? "", question.leaf);
    live.player.play(false);
    live.player.refresh();
  }

  /** Show everything again. */
  show() {
    if (!this.isAsking) return;
    this.isAsking = false;
    this.live.isLocked = false;
    this.live.stage.show = this.live.scenes;
    this.live.player.refresh();
  }

  /** The reader leaves: everything is as it was. */
  leave() {
    this.show();
    this.questions.restore();
  }

  /** @param {Direction} direction */
  answer(direction) {
    const { question } = this;
    if (!question || !this.isAsking) return;
    const isRight = direction === question.answer;
    this.count++;
    if (isRight) this.right++;
    this.show();
    this.answers.hidden = true;
    const { text } = this.live.board.names[this.live.graph.root];
    const way = { up: "goes up", down: "goes down", stay: "stays" }[question.answer];
    const verdict = part("b", isRight ? "Right." : "No.", isRight ? "right" : "wrong");
    this.verdict.replaceChildren(verdict, ` ${text} ${way}.`);
    this.why.replaceChildren(...this.reason(question));
    this.score.textContent = `${this.right} of ${this.count} right`;
    this.nextButton.hidden = false;
    this.nextButton.focus();
  }

  /** Why that is the answer. @param {Question} question */
  reason({ leaf, h, change, gradient, answer }) {
    const { graph, board } = this.live;
    const [root, its] = [board.names[graph.root], board.names[leaf]];
    const sign = { up: " is above 0", down: " is below 0", stay: "" }[answer];
    const why = `${partial(root, its)} = ${number(gradient)}${sign}: `;
    const { listed, total: count } = waysOf(graph, leaf, PredictPanel.PATHS);
    const many =
      count === 1 ? "the product along the path" : `the sum over ${plural(count, "path")}`;
    const list = part("ul", "", "ways");
    for (const found of listed) {
      const words = wayWords(board, found);
      const item = part("li");
      item.append(part("span", words.way), " ", part("span", words.product, "product"));
      list.append(item);
    }
    if (count > listed.length)
      list.append(part("li", `… and ${plural(count - listed.length, "more path")}`));
    const measured = part(
      "p",
      `Measured: with ${its.text} + ${number(h)}, Δ${within(root, ATOM)} = ${number(change)}.`,
    );
    return [part("p", why + many), list, measured];
  }
}

/** A count of things. @param {number} count @param {string} word */
function plural(count, word) {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}

/**
 * @param {Live} live
 * @returns {Panel}
 */
function predictPanel(live) {
  const panel = new PredictPanel(live);
  return {
    id: "predict",
    title: "predict",
    key: "p",
    element: panel.element,
    takesSelection: true,
    open: () => panel.begin(),
    close: () => panel.leave(),
  };
}
