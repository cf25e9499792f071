/** JSON Schema, draft 2020-12, as far as the published schemas use it. */
export interface Schema {
  [keyword: string]: unknown;
  description?: string;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  items?: Schema;
  additionalProperties?: boolean | Schema;
  required?: string[];
  allOf?: Schema[];
}

/** Every schema within a schema, itself first. */
export function all(schema: Schema): Schema[] {
  const { properties = {}, items, additionalProperties, anyOf } = schema;
  const inner = [...Object.values(properties), items, additionalProperties, ...((anyOf as Schema[] | undefined) ?? [])];
  return [schema, ...inner.filter((one) => typeof one === "object").flatMap(all)];
}

/** Takes out what zod adds and says nothing: keys of objects are strings, and whole numbers end where JavaScript's do. */
export function tidy(schema: Schema): Schema {
  for (const one of all(schema)) {
    delete one.propertyNames;
    if (one.minimum === Number.MIN_SAFE_INTEGER) delete one.minimum;
    if (one.maximum === Number.MAX_SAFE_INTEGER) delete one.maximum;
  }
  return schema;
}
