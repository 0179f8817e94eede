// What the marks in the pictures mean.

/** @param {TrainingData} data */
function writeLegend(data) {
  const { points, answers } = data;
  const entries =
    answers.kind === "table"
      ? []
      : answers.labels.map((name, k) => {
          const d = POINT_SHAPES[k % POINT_SHAPES.length];
          return [sample({ d, style: `--ink:${classColour(k, answers)}` }), name];
        });
  const [round] = POINT_SHAPES;
  if (entries.length && answers.kind !== "scatter")
    entries.push([sample({ d: round, class: "wrong" }), "wrong"]);
  if (points.held && answers.kind !== "table")
    entries.push([sample({ d: round, class: "held" }), "held back"]);
  onPage("legend").replaceChildren(...entries.map((of) => htmlPart("span", {}, ...of)));
  if (!data.validation.length) return;
  const lines = [
    ["loss", "learned from"],
    ["loss held", "held back"],
  ];
  const shown = lines.map(([kind, name]) => {
    return htmlPart("span", {}, sample({ d: "M-7 0H9", class: kind }), " ", name);
  });
  onPage("loss-legend").replaceChildren(...shown);
}

/** A mark, as it is in the picture. @param {Record<string, string>} attributes */
function sample(attributes) {
  const svg = svgPart("svg", { viewBox: "-7 -6 14 12", "aria-hidden": "true" });
  svg.append(svgPart("path", attributes));
  return svg;
}
