// What the page uses of Preact's hooks.
type Change<T> = (value: T | ((before: T) => T)) => void;
export function useState<T>(first: T | (() => T)): [T, Change<T>];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
// What is kept there is whatever one puts there.
export function useRef(first: unknown): { current: any };
export function useCallback<T extends (...given: any[]) => unknown>(made: T, inputs: readonly unknown[]): T;
