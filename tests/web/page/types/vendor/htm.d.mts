// What the page uses of htm.
type Written = (strings: TemplateStringsArray, ...values: any[]) => any;
declare const htm: { bind(make: (...given: any[]) => any): Written };
export default htm;
