// What the page uses of Preact, so that tsc need not read what was made small.
export const h: (...given: any[]) => any;
export const Fragment: any;
export function render(what: any, place: Element): void;
