// The leaves as they stand, as a program in Python, to copy.

/**
 * What gives the leaves the numbers that they have on the page.
 *
 * @param {Live} live
 */
function pythonOf({ graph, source }) {
  const variables = new Set(source.variables);
  const lines = [];
  const labelled = [];
  for (const leaf of graph.leaves) {
    const name = graph.names[leaf];
    const x = asPython(graph.data[leaf]);
    const why = source.nameless[leaf];
    if (why) lines.push(`# ${name.replace(/[\s\p{Cc}]+/gu, " ")}, ${why}: ${x}`);
    else if (variables.has(leaf)) lines.push(`${name}.data = ${x}`);
    else labelled.push(`    ${JSON.stringify(name)}: ${x},`);
  }
  if (labelled.length)
    lines.push(
      "numbers = {",
      ...labelled,
      "}",
      "for p in model.parameters():",
      "    p.data = numbers.get(p.label, p.data)",
    );
  return `${lines.join("\n")}\n`;
}

/**
 * @param {Live} live
 * @returns {Panel}
 */
function pythonPanel(live) {
  const element = part("section");
  const text = make("textarea", { readOnly: true, rows: 12, spellcheck: false });
  text.setAttribute("aria-label", "the leaves as Python");
  const told = part("p", "", "note");
  told.setAttribute("role", "status");
  const copy = () => {
    text.select();
    // The newer way is forbidden in the frames of notebooks, and says so in the console.
    const isCopied = document.execCommand("copy");
    told.textContent = isCopied ? "copied" : "it is selected: copy it with Ctrl or ⌘ and C";
  };
  const write = () => {
    if (element.hidden) return;
    text.value = pythonOf(live);
    told.textContent = "";
  };
  element.append(text, told, press("copy", copy));
  live.on("numbers", write);
  const open = () => {
    write();
    text.focus();
    copy();
  };
  return { id: "python", title: "Python", key: "c", element, open };
}
