import {
  at,
  attribute,
  children,
  element,
  parseXml,
  text,
  type Ref,
  type Xml,
} from "../../../../verification/vcenter/xml";
import { objectContent, type Value } from "./fakeVcenter";

/** A managed object as the property collector knows it. */
export interface Managed {
  type: string;
  id: string;
  properties: Record<string, Value>;
}

/** Types whose objects are of another type, too (vSphere API reference). */
const bases: Record<string, string> = {
  ClusterComputeResource: "ComputeResource",
  VirtualApp: "ResourcePool",
  DistributedVirtualPortgroup: "Network",
};

/**
 * What RetrievePropertiesEx answers of some objects, by what is asked: from the start along the traversals, of each object
 * met the properties of its type (vSphere API reference, PropertyFilterSpec, ObjectSpec, TraversalSpec).
 */
export function collect(parameters: Xml, objects: readonly Managed[]): string {
  const spec = at(parameters, "specSet");
  const is = (object: Managed, type: string | undefined): boolean =>
    object.type === type || bases[object.type] === type;
  const met = new Set<Managed>();
  for (const set of children(spec, "objectSet")) {
    const all = children(set, "selectSet");
    const visit = (id: string | undefined, selections: Xml[]): void => {
      const object = objects.find((one) => one.id === id);
      if (object === undefined) return;
      met.add(object);
      for (const selection of selections) {
        if (!is(object, text(at(selection, "type")))) continue;
        const next = children(selection, "selectSet").map((other) => {
          const name = text(at(other, "name"));
          const found = all.find((one) => name !== undefined && text(at(one, "name")) === name);
          if (found === undefined) throw new Error(`InvalidArgument: no selection is named ${name ?? ""}`);
          return found;
        });
        for (const { id: inside } of referencesIn(object.properties[text(at(selection, "path")) ?? ""])) {
          visit(inside, next);
        }
      }
    };
    visit(text(at(set, "obj")), all);
  }
  const contents = [...met].flatMap((object) => {
    const own = children(spec, "propSet").find((set) => is(object, text(at(set, "type"))));
    if (own === undefined) return [];
    const paths = children(own, "pathSet").map((path) => text(path) ?? "");
    const read = Object.entries(object.properties).filter(([path]) => paths.includes(path));
    return [objectContent(object.type, object.id, Object.fromEntries(read))];
  });
  return element("returnval", contents);
}

function referencesIn(value: Value | undefined): Ref[] {
  if (value === undefined) return [];
  if (!value.type.startsWith("ArrayOf")) return [{ type: "", id: value.content }];
  const list = children(at(parseXml(`<list>${value.content}</list>`), "list"), "ManagedObjectReference");
  return list.map((one) => ({ type: attribute(one, "type") ?? "", id: text(one) ?? "" }));
}

/** The value of a property that refers to several objects. */
export function referencesTo(...objects: readonly Ref[]): Value {
  const list = objects.map(({ type, id }) => element("ManagedObjectReference", id, { type }));
  return { type: "ArrayOfManagedObjectReference", content: list.join("") };
}
