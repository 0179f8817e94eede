// What the marks in the pictures mean.

/** @param {TrainingData} data */
function writeLegend(data) {
  const { points, answers } = data;
  const entries = answers.kind === "table" ? [] : answers.labels.map(entryOf(answers));
  if (answers.kind === "map" && !entries.length) entries.push(scaleOf(answers));
  const [d] = POINT_SHAPES;
  const isClass = entries.length && answers.labels.length;
  if (isClass) entries.push([sample({ d, class: "wrong" }), "wrong"]);
  const isHeld = points.held && answers.kind !== "table";
  if (isHeld) entries.push([sample({ d, class: "held" }), "held back"]);
  byId("legend").replaceChildren(...entries.map((of) => htmlPart("span", {}, ...of)));
  if (!data.validation.length) return;
  const lines = [
    ["loss", "learned from"],
    ["loss held", "held back"],
  ];
  const shown = lines.map(([kind, name]) => {
    return htmlPart("span", {}, sample({ d: "M-7 0H9", class: kind }), " ", name);
  });
  byId("loss-legend").replaceChildren(...shown);
}

/**
 * A class: its mark, and what it is called.
 *
 * @param {AnswersData} answers
 * @returns {(name: string, k: number) => (Node | string)[]}
 */
function entryOf(answers) {
  return (name, k) => {
    const d = POINT_SHAPES[k % POINT_SHAPES.length];
    return [sample({ d, style: `--ink:${classColour(k, answers)}` }), name];
  };
}

/** The colours from the least target to the greatest. @param {AnswersData} answers */
function scaleOf({ centre, half, squashed }) {
  const [low, high] = squashed ? ["0", "1"] : [centre - half, centre + half].map(short);
  return [`${low} `, htmlPart("i", { className: "scale" }), ` ${high}`];
}

/** A mark, as it is in the picture. @param {Record<string, string>} attributes */
function sample(attributes) {
  const svg = svgPart("svg", { viewBox: "-7 -6 14 12", "aria-hidden": "true" });
  svg.append(svgPart("path", attributes));
  return svg;
}
