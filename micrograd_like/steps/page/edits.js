// Buttons of the toolbar for what was done: undo it, go back to the start, show another view.

/**
 * @param {Live} live
 * @param {Tools} tools
 */
function addEdits(live, tools) {
  const undo = () => live.undo();
  const reset = () => live.reset();
  const undoButton = tools.button("undo", "undo the last edit (u, Ctrl Z)", undo);
  const resetButton = tools.button("reset", "back to the numbers at the start (r)", reset);
  addIcon(undoButton, "M8 4 4 8l4 4M4 8h8a4 4 0 0 1 0 8H7");
  addIcon(resetButton, "M4 4v5h5M4.5 9a6 6 0 1 1 .5 5");
  onKeys("u, Ctrl Z", "undo the last edit", { u: undo });
  onKeys("r", "back to the numbers at the start", { r: reset });
  addEventListener("keydown", (event) => {
    const target = /** @type {Element} */ (event.target);
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z";
    if (!isUndo || target.closest(Controls.TYPED)) return; // a field undoes what was typed in it
    event.preventDefault();
    undo();
  });
  const refresh = () => {
    undoButton.disabled = !live.edits.length;
    resetButton.disabled = live.isAtStart;
  };
  live.on("numbers", refresh);
  refresh();
}

/** An icon beside a button's word, which is hidden where there is little room. @param {HTMLElement} button @param {string} path */
function addIcon(button, path) {
  const word = button.textContent;
  button.setAttribute("aria-label", word);
  button.innerHTML = `<svg viewBox="0 0 20 20"><path d="${path}"/></svg>`;
  button.append(part("span", word));
}

/**
 * The choice of a view, where there are several.
 *
 * @param {Live} live
 * @param {Tools} tools
 */
function addViews(live, tools) {
  const { views } = live.source;
  if (views.length < 2) return;
  const choice = part("select");
  choice.setAttribute("aria-label", "view");
  choice.title = "what is open in the picture";
  for (const { name } of views) choice.add(new Option(viewName(name), name));
  choice.addEventListener("change", () => live.open(choice.value));
  tools.bar.append(choice);
  live.on("view", () => {
    choice.value = live.viewData.name;
  });
}
