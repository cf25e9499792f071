import type { ErrorObject, ValidateFunction } from "ajv";

type Steps = (string | number)[];

/** What users may write where something else belongs. */
const wrongTexts = ["", " ", "x", "a\nb", "yes", "http://x", "https://x", "pvscsi", "vmxnet3", "a:b", "nova"];
const wrongNumbers = [-2, -1, 0, 1, 5, 6, 101, 1.5, 4096, 65_536, 604_801];
const wrongParts = [undefined, null, true, [], ["x", "x"], {}, { x: "y" }];

function wrongFor(value: unknown): unknown[] {
  if (typeof value === "string") return [...wrongTexts, "127.0.0.0/8", "10.0.0.0/33", 1, ...wrongParts];
  if (typeof value === "number") return [...wrongNumbers, "1", ...wrongParts];
  return ["x", 1, ...wrongParts];
}

/** Where a value stands, lists and tables by one of their members: `cluster.hosts[].name`. */
function generic(steps: Steps): string {
  return steps.map((step) => (typeof step === "number" ? "[]" : /^esx-/.test(step) ? "{}" : step)).join(".");
}

function nodes(value: unknown, steps: Steps = []): [Steps, unknown][] {
  const members: [string | number, unknown][] = Array.isArray(value)
    ? value.map((member: unknown, index) => [index, member])
    : typeof value === "object" && value !== null
      ? Object.entries(value)
      : [];
  return [[steps, value], ...members.flatMap(([step, member]) => nodes(member, [...steps, step]))];
}

function changed(document: unknown, steps: Steps, value: unknown): unknown {
  const copy = structuredClone(document);
  const holder = steps.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string | number, unknown>)[step], copy);
  const last = steps.at(-1) ?? "";
  if (value === undefined && !Array.isArray(holder)) Reflect.deleteProperty(holder as object, last);
  else (holder as Record<string | number, unknown>)[last] = value ?? null;
  return copy;
}

/** A disagreement of the schema with the program about one value. */
export interface Disagreement {
  path: string;
  value: unknown;
  /** What only one of them says. */
  program: string[];
  schema: (ErrorObject | string)[];
}

/**
 * Puts wrong values everywhere into a document that has every setting, and tells where only one of schema and program
 * refuses. @param problems of the program, each a text
 */
export function disagreements(
  document: unknown,
  schema: ValidateFunction,
  problems: (document: unknown) => string[],
): { tried: number; refused: number; found: Disagreement[] } {
  const before = new Set(problems(document));
  const places = new Map(nodes(document).map(([steps, value]) => [generic(steps), { steps, value }]));
  places.delete("");
  let [tried, refused] = [0, 0];
  const found: Disagreement[] = [];
  for (const [path, { steps, value: right }] of places) {
    for (const value of wrongFor(right)) {
      const broken = changed(document, steps, value);
      const program = problems(broken).filter((problem) => !before.has(problem));
      const fits = schema(broken);
      tried++;
      if (program.length > 0) refused++;
      if (fits === (program.length === 0)) continue;
      found.push({ path, value, program, schema: schema.errors ?? [] });
    }
  }
  return { tried, refused, found };
}
