// Runs the page's script, which lies packed in it.
(async () => {
  const script = document.createElement("script");
  script.textContent = await inflated(document.getElementById("packed")?.textContent ?? "");
  bringStyles();
  document.body.append(script);
  bringStyles();
})();

/** Where a server's policy forbids styles that stand in a page, scripts may bring the same ones. */
function bringStyles() {
  for (const style of document.querySelectorAll("style")) {
    if (style.sheet) continue;
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style.textContent ?? "");
    document.adoptedStyleSheets.push(sheet);
    style.remove();
  }
}
