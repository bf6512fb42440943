// Loads what a view shows, and again when something happens.
import { useCallback, useEffect, useRef, useState } from "./html.js";
import { onHappening } from "./live.js";

const REST_SECONDS = 0.15;
const BUSY_SECONDS = 1;

/**
 * Return what `load` resolves to, the error if it fails, and a function that loads again.
 *
 * Happenings that come in a row lead to one call, and while many come to one a second; a tab that
 * nobody sees loads again when it is looked at.
 * @param {() => Promise<any>} load @param {unknown[]} inputs @param {(entry: any) => boolean} [concerns]
 * @returns {[any, Error, () => Promise<void>]}
 */
export function useLoaded(load, inputs, concerns = () => true) {
  const [state, setState] = useState({ value: null, error: null });
  const current = useRef({});
  const again = useCallback(async () => {
    const turn = (current.current.turn = (current.current.turn ?? 0) + 1);
    try {
      const value = await load();
      if (turn === current.current.turn) setState({ value, error: null });
    } catch (error) {
      if (turn === current.current.turn) setState((before) => ({ value: before.value, error }));
    }
  }, inputs);
  useEffect(() => {
    let timer = null;
    let missed = false;
    let last = 0;
    const run = () => { timer = null; last = Date.now(); if (document.hidden) missed = true; else again(); };
    const schedule = (message) => {
      if (message.kind === "state" || (message.kind === "happening" && !concerns(message.entry))) return;
      const rests = Date.now() - last < BUSY_SECONDS * 1000 ? BUSY_SECONDS : REST_SECONDS;
      timer ??= setTimeout(run, rests * 1000);
    };
    const shown = () => { if (!document.hidden && missed) { missed = false; again(); } };
    again();
    const stop = onHappening(schedule);
    document.addEventListener("visibilitychange", shown);
    return () => {
      stop(); clearTimeout(timer); document.removeEventListener("visibilitychange", shown);
      current.current.turn = (current.current.turn ?? 0) + 1;
    };
  }, [again]);
  return [state.value, state.error, again];
}

/** Return a value that follows `value` once it has rested for so long. @template T @param {T} value @param {number} [seconds] @returns {T} */
export function useRested(value, seconds = 0.25) {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), seconds * 1000);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

/** Return a function that runs an action, whether it runs, and its error.
 * @param {(...values: any[]) => Promise<any>} action @returns {[(...values: any[]) => Promise<any>, boolean, Error]} */
export function useAction(action) {
  const [state, setState] = useState({ busy: false, error: null });
  const run = async (...values) => {
    setState({ busy: true, error: null });
    try {
      const done = await action(...values);
      setState({ busy: false, error: null });
      return done;
    } catch (error) {
      setState({ busy: false, error });
      return undefined;
    }
  };
  return [run, state.busy, state.error];
}
