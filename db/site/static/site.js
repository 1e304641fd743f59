// The site works without this: it only adds a button that copies the text of what has data-copy.
"use strict";
if (navigator.clipboard) {
  for (const field of document.querySelectorAll("[data-copy]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = field.dataset.copy;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value || field.textContent.trim());
      button.textContent = field.dataset.copied;
    });
    field.insertAdjacentElement("afterend", button);
  }
}
