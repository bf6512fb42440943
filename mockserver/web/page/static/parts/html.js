// Gives every view the same way to write HTML: htm's tagged templates over Preact.
import { h, render, Fragment } from "../vendor/preact.mjs";
import htm from "../vendor/htm.mjs";

export { h, render, Fragment };
export { useState, useEffect, useMemo, useRef, useCallback } from "../vendor/hooks.mjs";
export const html = htm.bind(h);
