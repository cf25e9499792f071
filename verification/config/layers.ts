export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [name: string]: Json;
}

/** Lists whose entries are one thing by their name. */
const named = ["hosts", "vms"];
/** What the ambient document may describe further, and not add. */
const declaredOnly = [...named, "openstack"];

/**
 * Lays documents over each other: objects are merged, entries of `hosts` and `vms` by name, everything else is
 * replaced. `ambient` comes last, and describes only entries, and an OpenStack, that are there already.
 */
export function layOver(documents: readonly Json[], ambient?: Json): Json {
  const declared = documents.reduce<Json>((below, above) => merge(below, above, true), {});
  return ambient === undefined ? declared : merge(declared, ambient, false);
}

function merge(below: Json, above: Json, adds: boolean, list = false): Json {
  if (list && Array.isArray(below) && Array.isArray(above)) return mergeNamed(below, above, adds);
  if (!isObject(below) || !isObject(above)) return above;
  const result: JsonObject = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const isList = named.includes(name);
    const before = Object.hasOwn(below, name) ? below[name] : undefined;
    if (before !== undefined) result[name] = merge(before, value, adds, isList);
    else if (adds || !declaredOnly.includes(name)) result[name] = value;
  }
  return result;
}

function mergeNamed(below: Json[], above: Json[], adds: boolean): Json[] {
  const result = [...below];
  for (const entry of above) {
    const name = isObject(entry) ? entry.name : undefined;
    const index = below.findIndex((other) => name !== undefined && isObject(other) && other.name === name);
    const before = result[index];
    if (before !== undefined) result[index] = merge(before, entry, adds);
    else if (adds) result.push(entry);
  }
  return result;
}

function isObject(json: Json): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
