/** Plain data as TypeScript writes it. */
export type Literal = boolean | number | string | readonly Literal[] | { readonly [name: string]: Literal };

const lineWidth = 100;

/** The literal of a value, on one line where that is short enough. */
export function literal(value: Literal, indent = ""): string {
  const short = oneLine(value);
  if (typeof value !== "object" || indent.length + short.length <= lineWidth) return short;
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const entries = Array.isArray(value)
    ? value.map((one: Literal) => literal(one, inner))
    : Object.entries(value).map(([name, one]) => `${key(name)}: ${literal(one, inner)}`);
  const lines = entries.map((entry) => `${inner}${entry},\n`).join("");
  return list ? `[\n${lines}${indent}]` : `{\n${lines}${indent}}`;
}

function oneLine(value: Literal): string {
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(oneLine).join(", ")}]`;
  const entries = Object.entries(value).map(([name, one]) => `${key(name)}: ${oneLine(one)}`);
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}

/** `__proto__` as a key of a literal would set the prototype, unless it is computed. */
function key(name: string): string {
  if (name === "__proto__") return `["__proto__"]`;
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}
