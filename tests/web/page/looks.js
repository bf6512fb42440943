// Returns what a screen reader could not name, and text that is too faint for its background.
() => {
  const found = [];
  const name = (el) => (el.getAttribute('aria-label') || el.textContent || el.title || '').trim()
    || (el.labels && [...el.labels].map((label) => label.textContent).join('').trim());
  for (const el of document.querySelectorAll('a, button, input, select, textarea, summary, [role=button]'))
    if (!name(el)) found.push('no name: ' + el.outerHTML.slice(0, 120));
  const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push('twice: ' + id);
  if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
  if (document.querySelector('button button, a button, button a')) found.push('nested controls');
  const lum = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const parse = (text) => { const m = text.match(/[\d.]+/g).map(Number); return { rgb: m.slice(0, 3), a: m[3] ?? 1 }; };
  const behind = (el) => { for (; el; el = el.parentElement) { const c = parse(getComputedStyle(el).backgroundColor); if (c.a === 1) return c.rgb; } return [255, 255, 255]; };
  for (const el of document.querySelectorAll('main *, header *, .clock *')) {
    if (![...el.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || el.closest('svg, :disabled, .hidden, option')) continue;
    const a = lum(parse(getComputedStyle(el).color).rgb), b = lum(behind(el));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) found.push('faint ' + ratio.toFixed(2) + ': ' + el.outerHTML.slice(0, 80));
  }
  return found;
}
