// The numbers that were measured after the epoch, and what is read aloud of it.

class Numbers {
  /** @param {TrainingData} data */
  constructor(data) {
    this.data = data;
    this.timer = 0;
    const names = Object.keys(data.words[0]);
    this.cells = new Map(
      ["epoch", ...names].map((name) => {
        const cell = htmlPart("dd", { id: name.replace(" ", "-") });
        byId("numbers").append(htmlPart("div", {}, htmlPart("dt", {}, name), cell));
        return [name, cell];
      }),
    );
    byId("notes").replaceChildren(...data.notes.map((note) => htmlPart("p", {}, note)));
  }

  /** @param {number} epoch @param {Answers} answers @param {boolean} isPlaying */
  go(epoch, answers, isPlaying) {
    const { epochs, words, points } = this.data;
    const told = { epoch: `${epochs[epoch]} / ${epochs[epochs.length - 1]}`, ...words[epoch] };
    for (const [name, text] of Object.entries(told)) {
      const cell = this.cells.get(name);
      if (cell) cell.textContent = text;
    }
    const wrong = wrongs(this.data, answers).filter(Boolean).length;
    const right = points.places.length
      ? `, ${points.count - wrong} of ${points.count} points right`
      : "";
    byId("picture").setAttribute("aria-label", `${byId("looking-at").textContent}${right}`);
    clearTimeout(this.timer);
    if (isPlaying) return;
    const sentence = Object.entries(told)
      .map(([name, text]) => `${name} ${text}`)
      .join(", ");
    this.timer = setTimeout(() => {
      byId("told").textContent = sentence + right;
    }, 250);
  }
}
