import type { Xml } from "./xml";

type Node = Exclude<Xml, string>;

interface Open {
  /** With its prefix, as the end tag must repeat it. */
  tag: string;
  node: Node | undefined;
  text: string;
  hasChildren: boolean;
}

// Sticky, so that each begins where the one before has ended.
const startTag = /<([A-Za-z_\u0080-\uFFFF][\w.:\-\u0080-\uFFFF]*)/y;
const attribute = /\s+([A-Za-z_\u0080-\uFFFF][\w.:\-\u0080-\uFFFF]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const tagEnd = /\s*(\/?)>/y;
const endTag = /<\/([^\s<>]+)\s*>/y;

/** What is no element: how it begins and ends. */
const asides = [
  ["<!--", "-->"],
  ["<?", "?>"],
] as const;

/**
 * Parses a document without DTD in one pass: an answer of vCenter may hold a thousand VMs. References stay encoded.
 * Throws SyntaxError when it is not well-formed.
 */
export function parseXml(document: string): Xml {
  const root: Open = { tag: "", node: {}, text: "", hasChildren: false };
  const open: Open[] = [root];
  const names = new Map<string, string>();
  let at = 0;

  const wrong = (what: string): SyntaxError => new SyntaxError(`${what} at character ${at.toString()}`);
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(document);
    if (found === null) return undefined;
    at = pattern.lastIndex;
    return found;
  };
  /** Without its prefix. One string for all elements of a name. */
  const localName = (tag: string): string => {
    let name = names.get(tag);
    if (name === undefined) {
      name = tag.slice(tag.lastIndexOf(":") + 1);
      if (name === "" || name === "__proto__") throw wrong(`${tag} is no name`);
      names.set(tag, name);
    }
    return name;
  };
  const skipTo = (end: string): number => {
    const found = document.indexOf(end, at);
    if (found < 0) throw wrong(`no ${end}`);
    return found;
  };
  const close = ({ tag, node, text, hasChildren }: Open): void => {
    const parent = open.at(-1) ?? root;
    let value: Xml = text;
    if (node !== undefined) {
      // Between elements there is indentation at most.
      if (text !== "" && !(hasChildren && text.trim() === "")) node["#text"] = text;
      value = node;
    }
    const name = localName(tag);
    parent.node ??= {};
    parent.hasChildren = true;
    const before = parent.node[name];
    if (before === undefined) parent.node[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else parent.node[name] = [before, value];
  };

  while (at < document.length) {
    const current = open.at(-1) ?? root;
    const next = document.indexOf("<", at);
    const text = document.slice(at, next < 0 ? undefined : next);
    if (text !== "") current.text = current.text === "" ? text : current.text + text;
    if (next < 0) break;
    at = next;

    if (document.startsWith("</", at)) {
      const tag = match(endTag)?.[1];
      if (tag !== current.tag || open.length === 1) throw wrong(`</${tag ?? ""}> ends no element`);
      open.pop();
      close(current);
      continue;
    }
    if (document.startsWith("<![CDATA[", at)) {
      const end = skipTo("]]>");
      // As if it were written with references, which are decoded later.
      current.text += document.slice(at + 9, end).replaceAll("&", "&amp;");
      at = end + 3;
      continue;
    }
    const aside = asides.find(([begin]) => document.startsWith(begin, at));
    if (aside !== undefined) {
      at = skipTo(aside[1]) + aside[1].length;
      continue;
    }
    const tag = match(startTag)?.[1];
    if (tag === undefined) throw wrong("no element begins");
    if (open.length === 1 && root.hasChildren) throw wrong("a second root begins");
    const element: Open = { tag, node: undefined, text: "", hasChildren: false };
    for (let found = match(attribute); found !== undefined; found = match(attribute)) {
      const name = `@${found[1] ?? ""}`;
      element.node ??= {};
      if (Object.hasOwn(element.node, name)) throw wrong(`${name} stands twice`);
      element.node[name] = found[2] ?? found[3] ?? "";
    }
    const end = match(tagEnd);
    if (end === undefined) throw wrong(`<${tag} does not end`);
    if (end[1] === "/") close(element);
    else open.push(element);
  }
  if (open.length > 1) throw wrong(`<${open.at(-1)?.tag ?? ""}> is not closed`);
  if (!root.hasChildren || root.text.trim() !== "") throw wrong("text stands outside of a root");
  return root.node ?? {};
}
