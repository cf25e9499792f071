import { CouldNotRun } from "../problems";
import type { Session } from "./session";
import { at, children, element, ref, refElement, text, textAt, xsiType, type Ref, type Xml } from "./xml";

/** One object of a traversal with the properties that were read. */
export interface ObjectContent {
  ref: Ref;
  properties: Map<string, Xml>;
}

/** What to read: properties by type; `traversal` leads from the start, one object or several, to others. */
export interface PropertyFilter {
  start: Ref | Ref[];
  properties: Record<string, string[]>;
  traversal: Traversal[];
}

/** From objects of `type` along `path`, then on by the named traversals. */
export interface Traversal {
  /** For others to lead on by it. */
  name?: string;
  type: string;
  path: string;
  then?: string[];
}

/** Objects a page; vCenter may send fewer. */
const pageSize = 1000;

/** Reads a traversal, page by page. A property that is unset is absent; one that is refused ends the run. */
export async function retrieve(
  session: Session,
  filter: PropertyFilter,
  signal?: AbortSignal,
): Promise<ObjectContent[]> {
  try {
    return await retrievePages(session, filter, signal);
  } catch (error) {
    // Pages belong to one session and are handed out once: after a break in between, only a fresh start is complete.
    if (!(error instanceof BrokenPaging)) throw error;
    try {
      return await retrievePages(session, filter, signal);
    } catch (again) {
      throw again instanceof BrokenPaging ? again.cause : again;
    }
  }
}

class BrokenPaging extends Error {}

async function retrievePages(session: Session, filter: PropertyFilter, signal?: AbortSignal): Promise<ObjectContent[]> {
  const collector = session.service.propertyCollector;
  const options = element("options", [element("maxObjects", pageSize.toString())]);
  let answer = await session.read("RetrievePropertiesEx", collector, [filterElement(filter), options], { signal });
  const objects: ObjectContent[] = [];
  for (;;) {
    const page = at(answer, "returnval");
    for (const object of children(page, "objects")) objects.push(...readObject(object, session.server));
    const token = text(at(page, "token"));
    if (token === undefined) return objects;
    try {
      answer = await session.call("ContinueRetrievePropertiesEx", collector, [element("token", token)], { signal });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new BrokenPaging("paging broke", { cause });
    }
  }
}

/** Reads properties of one object. */
export async function retrieveOne(session: Session, of: Ref, paths: string[]): Promise<Map<string, Xml>> {
  const [object] = await retrieve(session, { start: of, properties: { [of.type]: paths }, traversal: [] });
  return object?.properties ?? new Map<string, Xml>();
}

/** Reads properties of objects of one type; those that have gone are absent. */
export async function retrieveAll(session: Session, of: Ref[], paths: string[]): Promise<ObjectContent[]> {
  const properties = Object.fromEntries(of.map(({ type }) => [type, paths]));
  return of.length === 0 ? [] : retrieve(session, { start: of, properties, traversal: [] });
}

function filterElement({ start, properties, traversal }: PropertyFilter): string {
  const propSet = Object.entries(properties).map(([type, paths]) => {
    return element("propSet", [element("type", type), ...paths.map((path) => element("pathSet", path))]);
  });
  const selectSet = traversal.map(({ name, type, path, then = [] }) => {
    const named = name === undefined ? [] : [element("name", name)];
    const next = then.map((other) => element("selectSet", [element("name", other)]));
    const content = [...named, element("type", type), element("path", path), ...next];
    return element("selectSet", content, { "xsi:type": "TraversalSpec" });
  });
  const objectSet = [start].flat().map((one) => element("objectSet", [refElement("obj", one), ...selectSet]));
  return element("specSet", [...propSet, ...objectSet]);
}

/** None when the object has gone while the traversal was under way. */
function readObject(object: Xml, server: string): ObjectContent[] {
  const self = ref(at(object, "obj"));
  if (self === undefined) throw new CouldNotRun(`vCenter ${server} (RetrievePropertiesEx) sent an object without id`);
  for (const missing of children(object, "missingSet")) {
    const path = text(at(missing, "path")) ?? "a property";
    const fault = xsiType(at(missing, "fault", "fault")) ?? "unknown fault";
    if (fault === "ManagedObjectNotFound") return [];
    throw new CouldNotRun(
      `vCenter ${server} does not show ${path} of ${self.type} ${self.id} (${fault}); ` +
        "give the user the Read-only role on the datacenter, with propagation",
    );
  }
  const properties = new Map<string, Xml>();
  for (const property of children(object, "propSet")) {
    const value = at(property, "val");
    if (value !== undefined) properties.set(textAt(property, "name"), value);
  }
  return [{ ref: self, properties }];
}
