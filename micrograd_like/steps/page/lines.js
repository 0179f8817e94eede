// Lines of the board in a panel: buttons that go to their steps.

const MOST_LINES = 50;

/**
 * A step with what it says, which is written when it is wanted.
 *
 * @typedef {{ number: number, words: () => Words }} Line
 */

/** The step of a product, by its place among them. @param {Live} live @param {number} k @returns {Line} */
function productLine({ board, graph }, k) {
  const place = graph.operations.length + 1 + k;
  return { number: place + 1, words: () => board.at(place) };
}

/** The products that a question is answered yes for. @param {Live} live @param {(product: Product) => boolean} isMeant */
function productLines(live, isMeant) {
  return live.graph.products.flatMap((product, k) =>
    isMeant(product) ? [productLine(live, k)] : [],
  );
}

/**
 * The steps of a value: where it is computed, and each product of its gradient.
 *
 * @param {Live} live
 * @param {number} value
 * @returns {Line[]}
 */
function linesOfValue(live, value) {
  const { board, graph } = live;
  const made = graph.stepOf[value];
  const places = made < 0 ? [] : [made];
  if (value === graph.root) places.push(graph.operations.length);
  const first = places.map((k) => ({ number: k + 1, words: () => board.at(k) }));
  return [...first, ...productLines(live, ({ edge }) => graph.edges[edge].input === value)];
}

/**
 * The steps of a thing of the picture, as the picture shows them.
 *
 * @param {Live} live
 * @param {string} thing
 * @returns {Line[]}
 */
function linesOfThing({ board, scenes }, thing) {
  return scenes.past(thing).map((k) => {
    const [place, , , count] = scenes.view.steps[scenes.shown[k]];
    const words = () => (count === 1 ? board.at(place) : scenes.scene(k));
    return { number: place + 1, words };
  });
}

/**
 * Lines as a list of buttons; of very many the last ones.
 *
 * @param {Live} live
 * @param {Line[]} lines
 */
function lineList(live, lines) {
  const list = part("ol", "", "lines");
  for (const { number: step, words } of lines.slice(-MOST_LINES)) {
    const item = part("li");
    const button = make("button", { type: "button" });
    button.append(part("span", String(step), "number"), " ", equationText(words()));
    button.addEventListener("click", () => live.step(step));
    item.append(button);
    list.append(item);
  }
  return list;
}

/** "1 step", "3 steps". @param {number} count @param {string} word */
function counted(count, word) {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}
