// A scene's words as elements: the board above the picture.

/** @param {Words} words */
function equationParts({ equation, relation, sum }) {
  /** @type {HTMLElement[]} */
  const parts = [];
  equation.forEach((side, k) => {
    const isResult = k > 0 && k === equation.length - 1;
    if (k) parts.push(part("span", k === 1 ? relation : "=", "equals"));
    if (typeof side === "string") parts.push(part("span", side, isResult ? "result" : ""));
    else {
      const product = part("span");
      product.append(part("span", side[0], "local"), TIMES, part("span", side[1], "above"));
      parts.push(product);
    }
  });
  if (sum) parts.push(part("span", "now", "equals now"), part("span", sum, "result"));
  return parts;
}

/** An equation as text. @param {Words} words */
function equationText(words) {
  return equationParts(words)
    .map((it) => it.textContent)
    .join(" ");
}

/** @param {Scene} scene */
function remarkParts({ phase, equation, remark }) {
  if (phase !== "backward" || !equation.some(Array.isArray)) return [remark];
  const [local, above] = [part("b", "local derivative"), part("b", "gradient from above", "above")];
  return [local, " times ", above, ` (${remark})`];
}

/** What is in the way of the steps. @param {string} problem */
function alertOf(problem) {
  const made = part("span", problem);
  made.setAttribute("role", "alert");
  return made;
}

let fitting = 0;

/** Words that would not fit on the board are smaller, from the next frame on: its last line is not cut. */
function fitWords() {
  cancelAnimationFrame(fitting); // to measure at once would take longer than all the rest
  fitting = requestAnimationFrame(() => {
    const board = byId("board");
    for (const size of ["", "small", "smallest"]) {
      board.dataset.size = size;
      if (board.scrollHeight <= board.clientHeight) return;
    }
  });
}
