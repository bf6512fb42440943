// The module that the server writes from what lies in `views/`.
export interface View {
  name: string;
  order: number;
  tab?: { label: string; href: string; key: string };
  within?: string;
  matches(segments: string[]): boolean;
  title(segments: string[]): string;
  View(given: { segments: string[]; query: Record<string, string> }): any;
}
declare const views: View[];
export default views;
