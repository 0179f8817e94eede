// The weights of a model without neurons, or with too many lines: a bar for each.

class WeightBars {
  static MOST = 60;

  /** @param {HTMLElement} root @param {TrainingData} data @param {WeightStory} story @param {number} largest */
  constructor(root, data, story, largest) {
    this.largest = largest || 1;
    const list = htmlPart("ul", { className: "bars" });
    this.bars = data.names.slice(0, WeightBars.MOST).map((name, k) => {
      const [bar, value] = [htmlPart("i"), htmlPart("span")];
      const button = htmlPart("button", { type: "button" }, htmlPart("b", {}, name), bar, value);
      const tell = () => story.tell(name, [k], true);
      button.addEventListener("focus", tell);
      button.addEventListener("pointerenter", tell);
      list.append(htmlPart("li", {}, button));
      return { bar, value };
    });
    root.classList.add("listed");
    root.append(list);
    const more = data.names.length - this.bars.length;
    if (more > 0) root.append(htmlPart("p", {}, `… ${more} more`));
  }

  /** @param {Float64Array} weights */
  draw(weights) {
    this.bars.forEach(({ bar, value }, k) => {
      const x = weights[k];
      value.textContent = number(x);
      const part = Math.min(1, Math.abs(x) / this.largest);
      bar.className = x < 0 ? "negative" : "";
      bar.style.setProperty("--size", `${(100 * part).toFixed(1)}%`);
    });
  }
}
