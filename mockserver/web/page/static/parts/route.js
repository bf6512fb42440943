// Reads and writes the part of the address after `#`, which no server ever sees.

/** Return the segments and the query of the address. @returns {{segments: string[], query: Record<string, string>}} */
export function route() {
  const [path, text = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const segments = path.split("/").filter(Boolean).map(decoded);
  return { segments, query: Object.fromEntries(new URLSearchParams(text)) };
}

function decoded(text) { try { return decodeURIComponent(text); } catch { return text; } }

/** The address of a view; what is empty is left out of its query. @param {string[]} segments @param {Record<string, any>} [values] @returns {string} */
export function link(segments, values = {}) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** Change the query of the address in place, so that it can be shared and gone back to. @param {Record<string, any>} values */
export function replaceQuery(values) {
  history.replaceState(null, "", link(route().segments, values));
}
