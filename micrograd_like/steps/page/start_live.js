// The page of backprop begins.
{
  document.documentElement.classList.add("playing");
  addStyle(CONTENT.style);
  const live = new Live(CONTENT);
  const descent = new Descent(live);
  const value = valuePanel(live);
  const tools = new Tools(live, [
    value,
    learnPanel(live, descent),
    nudgePanel(live),
    predictPanel(live),
  ]);
  addEdits(live, tools);
  addViews(live, tools);
  tools.add(pythonPanel(live));
  new Things(live);
  new Cells(live);
  tools.add(
    keysPanel([
      "Edges: red is a product above 0, blue and dashed below 0, dotted 0; the width is its size. The number at an edge is its local derivative.",
      "|grad| is the length of several values’ gradients. “x₂” is the second value with the name “x”.",
    ]),
  );
  keepAddress(live);
  live.on("select", () => {
    if (live.isChosen && !tools.current?.takesSelection) tools.show(value);
    if (live.thing) live.looking.show([live.stage.element(live.thing)]);
  });
  tools.closed = () => live.select(-1);
  Object.assign(window, { backprop: new Hook(live, descent) });
  frameElement?.dispatchEvent(new Event("backprop")); // none if the page around is of another origin
}
