// Where a reader types the name to find.
class Search {
  /**
   * @param {Finder} finder
   * @param {string} key what leads here
   */
  constructor(finder, key) {
    this.finder = finder;
    this.stage = finder.zoom.stage;
    this.form = make("form", { className: "look-search" });
    this.input = make("input", {
      type: "search",
      placeholder: "find a name",
      title: `find a name (${key}); Enter: the next`,
    });
    this.form.setAttribute("role", "search");
    this.form.hidden = !partsOf(finder.zoom.picture).length;
    this.form.addEventListener("submit", (event) => event.preventDefault());
    this.input.setAttribute("aria-label", "find a name");
    this.input.addEventListener("input", () => finder.find(this.input.value));
    this.input.addEventListener("keydown", (event) => this.press(event));
    const count = make("output", { className: "look-count" });
    finder.changed = () => {
      count.textContent = finder.status;
    };
    this.form.append(this.input, count);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    event.stopPropagation(); // what is typed here is for no one else
    if (event.key === "Enter") this.finder.next(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") this.end();
    else return;
    event.preventDefault();
  }

  /** Back to the picture, without marks. */
  end() {
    this.input.value = "";
    this.finder.find("");
    this.stage.focus();
  }

  /** To the search, wherever it is folded. */
  begin() {
    const fold = this.form.closest("details");
    if (fold) fold.open = true;
    this.input.focus();
    this.input.select(); // what is typed takes the place of the last search
  }
}
