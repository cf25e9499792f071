/** The package's schema, which Pulumi's analyzer infers from the components (`npm run schema:package`). */
import schema from "../schema.json";

/** What one property holds. */
export interface PropertySpec {
  type?: string;
  /** `#/types/…`, or `pulumi.json#/Any`. */
  $ref?: string;
  items?: PropertySpec;
  additionalProperties?: PropertySpec;
  description?: string;
}

/** A type of the package: an object, or an enumeration. */
export interface TypeSpec {
  enum?: { value: string }[];
  properties?: Record<string, PropertySpec>;
  required?: string[];
}

interface ResourceSpec {
  inputProperties: Record<string, PropertySpec>;
  requiredInputs: string[];
  properties: Record<string, PropertySpec>;
}

const { resources, types } = schema as {
  resources: Record<string, ResourceSpec>;
  types: Record<string, TypeSpec>;
};

export { resources };

/** The type of the package that a property refers to; undefined for every other property. */
export function referred({ $ref }: PropertySpec): TypeSpec | undefined {
  return $ref === undefined ? undefined : types[$ref.replace("#/types/", "")];
}

/**
 * The schema as other languages get it. The analyzer calls plain what a TypeScript program cannot pass as an Output, such
 * as a cluster's target; the provider waits for such values, so that typed languages may pass the output of a component.
 */
export const served = JSON.stringify(schema, (key, value: unknown) => (key === "plain" ? undefined : value));
