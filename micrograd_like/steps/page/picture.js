// In a notebook the page's picture lies packed with its scripts.
if (CONTENT.picture) byId("stage").innerHTML = CONTENT.picture;
