// Styles that a script brings: they may be there even where a server's policy forbids others.

/** @param {string} text */
function addStyle(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  document.adoptedStyleSheets.push(sheet);
}

for (const { sheet, textContent } of document.querySelectorAll("style"))
  if (!sheet) addStyle(textContent ?? "");
