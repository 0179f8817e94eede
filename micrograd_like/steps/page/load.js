// Runs the page's script, which lies packed in it.
(async () => {
  const script = document.createElement("script");
  script.textContent = await inflated(document.getElementById("packed")?.textContent ?? "");
  document.body.append(script);
})();
