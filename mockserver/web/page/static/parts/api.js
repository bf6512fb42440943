// Calls the control API and says in one line what went wrong.

/** Where the page is, also behind a path prefix; without the part after `#`. */
export const base = new URL(".", document.baseURI);

/** What the sandbox refused, or that it does not answer. */
export class ApiError extends Error {
  /** @param {number} status @param {string} message @param {string} [code] */
  constructor(status, message, code = "") {
    super(message);
    this.status = status;
    this.code = code;
  }
}

const listeners = new Set();
/** Have `listener` called when the API asks for the token. @param {() => void} listener */
export function onTokenNeeded(listener) { listeners.add(listener); return () => listeners.delete(listener); }

/** Write a query; what is empty, null or undefined is left out. @param {Record<string, any>} values @returns {string} */
export function query(values) {
  const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const text = new URLSearchParams(given).toString();
  return text ? `?${text}` : "";
}

/** Make one call below the page's own address; return the JSON that is answered.
 * @param {string} method @param {string} path @param {unknown} [body] @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function call(method, path, body, signal) {
  const headers = { Accept: "application/json" };
  if (method === "POST" || method === "PUT") headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(new URL(path, base), {
      method, headers, signal, cache: "no-store",
      body: headers["Content-Type"] ? JSON.stringify(body === undefined ? {} : body) : undefined,
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "the sandbox does not answer; is `postbacks serve` still running?");
  }
  if (answer.status === 204) return null;
  const text = await answer.text();
  if (answer.ok) return text ? JSON.parse(text) : null;
  throw refused(answer.status, text);
}

function refused(status, text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* a proxy's own page */ }
  const leanplums = problem.response?.[0]?.error?.message;
  const code = String(problem.type ?? "").replace("urn:postbacks:problem:", "");
  const error = new ApiError(status, leanplums ?? problem.detail ?? `${status}: ${text.slice(0, 200)}`, code);
  if (code === "token-needed") for (const listener of listeners) listener();
  return error;
}

/** @type {(path: string, values?: Record<string, any>, signal?: AbortSignal) => Promise<any>} */
export const get = (path, values = {}, signal) => call("GET", `_sandbox/${path}${query(values)}`, undefined, signal);
/** @type {(path: string, body?: unknown, signal?: AbortSignal) => Promise<any>} */
export const post = (path, body, signal) => call("POST", `_sandbox/${path}`, body, signal);
/** @type {(path: string, body: unknown) => Promise<any>} */
export const put = (path, body) => call("PUT", `_sandbox/${path}`, body);
/** @type {(path: string) => Promise<any>} */
export const del = (path) => call("DELETE", `_sandbox/${path}`);
/** One segment of a path. @type {(text: string) => string} */
export const segment = (text) => encodeURIComponent(text);

const API_VERSION = "1.0.6";
/** Call a method of Leanplum's own API for an app, as any client does; return its first answer. */
export async function leanplum(app, action, values) {
  const body = { action, appId: app.app_id, clientKey: app.keys.data_export, apiVersion: API_VERSION, ...values };
  return (await call("POST", "api", body)).response[0];
}
