// Makes the page usable by keys alone, and says which keys there are.
import { html, useEffect, useState } from "./html.js";

const OFF = "postbacks-keys-off";
const remembered = () => { try { return localStorage.getItem(OFF) === "yes"; } catch { return false; } };

/** The keys that mean the same in every view, beside those of the tabs. */
const KEYS = [
  ["/", "search in this view"],
  ["j, k", "next and previous row of a list"],
  ["Enter", "open the row"],
  ["?", "this list"],
  ["Esc", "close, or leave a field"],
];

/** Listen to the keys; nothing is done while somebody types, or with Ctrl, Alt or Meta. */
export function useKeys(tabs, openHelp) {
  useEffect(() => {
    let afterG = false;
    const pressed = (event) => {
      const field = event.target.closest?.("input, textarea, select, dialog");
      if (event.key === "Escape" && field && !field.matches("dialog")) { event.target.blur(); return; }
      if (field || event.ctrlKey || event.altKey || event.metaKey || remembered()) return;
      const tab = afterG && tabs.find((one) => one.tab.key === event.key);
      afterG = event.key === "g";
      if (tab) { location.hash = tab.tab.href; event.preventDefault(); }
      else if (event.key === "?") { openHelp(); event.preventDefault(); }
      else if (event.key === "/") { /** @type {HTMLElement} */ (document.querySelector("[data-search]"))?.focus(); event.preventDefault(); }
      else if (event.key === "j" || event.key === "k") { step(event.key === "j" ? 1 : -1); event.preventDefault(); }
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
  }, [tabs]);
}

function step(by) {
  /** @type {NodeListOf<HTMLElement>} */
  const found = document.querySelectorAll("[data-row]");
  const rows = [...found];
  if (!rows.length) return;
  const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  rows[Math.min(rows.length - 1, Math.max(0, at < 0 ? 0 : at + by))].focus();
}

/** Open a dialog as soon as it is there: the very next key is for it. @param {?HTMLDialogElement} dialog */
function show(dialog) { if (dialog && !dialog.open) dialog.showModal(); }

export function Help({ tabs, close }) {
  const [off, setOff] = useState(remembered());
  const change = (event) => {
    setOff(event.target.checked);
    try { localStorage.setItem(OFF, event.target.checked ? "yes" : "no"); } catch { /* not kept */ }
  };
  return html`<dialog ref=${show} onClose=${close} aria-labelledby="keys">
    <h2 id="keys">Keyboard shortcuts</h2>
    <dl class="keys">${tabs.map(({ tab }) => html`<div><dt><kbd>g</kbd> <kbd>${tab.key}</kbd></dt><dd>${tab.label}</dd></div>`)}
      ${KEYS.map(([key, what]) => html`<div><dt>${key.split(", ").map((one) => html`<kbd>${one}</kbd> `)}</dt><dd>${what}</dd></div>`)}</dl>
    <label class="check"><input type="checkbox" checked=${off} onChange=${change} /> turn single-key shortcuts off</label>
    <form method="dialog"><button>Close</button></form></dialog>`;
}
