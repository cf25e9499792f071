export { parseXml } from "./parseXml";

/** An element: its text when it has neither attributes nor children, else attributes (`@name`), children and `#text`. */
export type Xml = string | { [name: string]: Xml | Xml[] | undefined };

/** A reference to a managed object. */
export interface Ref {
  type: string;
  id: string;
}

/** All children of that name. */
export function children(node: Xml | undefined, name: string): Xml[] {
  if (node === undefined || typeof node === "string") return [];
  const value = node[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** The first element at a path of child names. */
export function at(node: Xml | undefined, ...path: string[]): Xml | undefined {
  return path.reduce<Xml | undefined>((parent, name) => children(parent, name)[0], node);
}

export function text(node: Xml | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (typeof node === "string") return unescapeXml(node);
  const value = node["#text"];
  return typeof value === "string" ? unescapeXml(value) : undefined;
}

/** The text at a path of child names; empty where there is none. */
export function textAt(node: Xml | undefined, ...path: string[]): string {
  return text(at(node, ...path)) ?? "";
}

export function integer(node: Xml | undefined): number | undefined {
  const value = text(node);
  return value !== undefined && /^-?\d+$/.test(value) ? Number(value) : undefined;
}

export function boolean(node: Xml | undefined): boolean | undefined {
  const value = text(node);
  if (value === "true" || value === "1") return true;
  return value === "false" || value === "0" ? false : undefined;
}

export function attribute(node: Xml | undefined, name: string): string | undefined {
  if (node === undefined || typeof node === "string") return undefined;
  const value = node[`@${name}`];
  return typeof value === "string" ? unescapeXml(value) : undefined;
}

/** The `xsi:type`, without the prefixes of both name and value. */
export function xsiType(node: Xml | undefined): string | undefined {
  if (node === undefined || typeof node === "string") return undefined;
  const name = Object.keys(node).find((key) => /^@[^:]+:type$/.test(key));
  return name === undefined ? undefined : attribute(node, name.slice(1))?.replace(/^.*:/, "");
}

/** Reads an element that is a ManagedObjectReference. */
export function ref(node: Xml | undefined): Ref | undefined {
  const id = text(node);
  return id === undefined ? undefined : { type: attribute(node, "type") ?? "", id };
}

/** Members of an array property: `<val xsi:type="ArrayOfManagedObjectReference">` and the like. */
export function members(node: Xml | undefined): Xml[] {
  const type = xsiType(node);
  return type?.startsWith("ArrayOf") ? children(node, type.slice("ArrayOf".length)) : [];
}

export function ids(nodes: Xml[]): string[] {
  return nodes.flatMap((node) => text(node) ?? []);
}

/** An element with an escaped text or, from an array, with elements already built. */
export function element(
  name: string,
  content: string | string[] = "",
  attributes: Record<string, string> = {},
): string {
  const inside = Array.isArray(content) ? content.join("") : escapeXml(content);
  const extra = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`);
  return `<${name}${extra.join("")}>${inside}</${name}>`;
}

export function refElement(name: string, { type, id }: Ref): string {
  return element(name, id, { type });
}

export function escapeXml(value: string): string {
  return Array.from(value, (char) => {
    const code = char.codePointAt(0) ?? 0;
    // XML 1.0 cannot hold most control characters, not even as references.
    if (code < 0x20 && !"\t\n\r".includes(char)) return "\uFFFD";
    return code < 0x20 || `&<>"'`.includes(char) ? `&#${code.toString()};` : char;
  }).join("");
}

const named: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(value: string): string {
  if (!value.includes("&")) return value;
  return value.replace(/&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/g, (whole, hex, decimal, name) => {
    if (typeof name === "string") return named[name] ?? whole;
    const code = typeof hex === "string" ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
