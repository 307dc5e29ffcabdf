// Adds a Copy button to every block that has a head for it. Without JavaScript the block is selected by hand.
"use strict";
for (const block of document.querySelectorAll("[data-copy]")) {
  const code = block.querySelector("pre");
  const head = block.querySelector(".block-head");
  if (!code || !head) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    let done = false;
    try {
      await navigator.clipboard.writeText(code.textContent);
      done = true;
    } catch {
      // No clipboard interface on plain http to another host: the old way still works there.
      const range = document.createRange();
      range.selectNodeContents(code);
      const selection = getSelection();
      selection.removeAllRanges();
      selection.addRange(range);
      done = document.execCommand("copy");
    }
    button.textContent = done ? "Copied" : "Selected";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  head.append(button);
}
