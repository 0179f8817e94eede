// In a notebook the page's picture lies packed with its scripts.
if (CONTENT.svg) byId("stage").innerHTML = CONTENT.svg;
