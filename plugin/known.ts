/** Inputs as the engine hands them to a provider, with what is known already in place of its Output. */
import * as pulumi from "@pulumi/pulumi";
import { type PropertySpec, referred } from "./packageSchema";

/** The internals of an Output that say what it is; Pulumi's own providers read them. */
interface State {
  isKnown: Promise<boolean>;
  isSecret: Promise<boolean>;
  promise(): Promise<unknown>;
  allResources?: () => Promise<Set<pulumi.Resource>>;
}

/** What could be said of inputs. */
export interface Known {
  value: unknown;
  /** What the values came from. */
  dependencies: Set<pulumi.Resource>;
  /** Not known yet, although a component must know them to declare anything: by their paths. */
  pending: Map<string, pulumi.Output<unknown>>;
  /** Secrets where names and the like belong, which end in the names of resources: their paths. */
  secrets: string[];
}

/** Whether a component reads the members of such a value; free content, such as settings that were declared, is not read. */
function isStructure(spec: PropertySpec): boolean {
  const type = referred(spec);
  if (type) return type.enum === undefined;
  return spec.type === "array" || (spec.type === "object" && spec.additionalProperties?.$ref === undefined);
}

/** Waits for every Output. Secrets stay Outputs, and so does what is not known in a preview. */
export async function known(inputs: Record<string, unknown>, properties: Record<string, PropertySpec>): Promise<Known> {
  const found: Known = { value: undefined, dependencies: new Set(), pending: new Map(), secrets: [] };

  async function walk(value: unknown, spec: PropertySpec | undefined, path: string): Promise<unknown> {
    if (pulumi.Output.isInstance(value)) {
      const state = value as unknown as State;
      const isKnown = await state.isKnown;
      const isSecret = await state.isSecret;
      if (isKnown && !isSecret) {
        for (const resource of (await state.allResources?.()) ?? []) found.dependencies.add(resource);
        return walk(await state.promise(), spec, path);
      }
      if (spec && isStructure(spec)) {
        if (isKnown) found.secrets.push(path);
        else found.pending.set(path, value);
      }
      return value;
    }
    if (Array.isArray(value)) {
      return Promise.all(value.map((item, index) => walk(item, spec?.items, `${path}[${String(index)}]`)));
    }
    if (typeof value !== "object" || value === null || pulumi.Resource.isInstance(value)) return value;
    const type = spec && referred(spec);
    const members = Object.entries(value).map(async ([key, member]) => {
      const at = path === "" ? key : `${path}.${key}`;
      return [
        key,
        await walk(member, path === "" ? properties[key] : (type?.properties?.[key] ?? spec?.additionalProperties), at),
      ];
    });
    return Object.fromEntries(await Promise.all(members)) as object;
  }

  found.value = await walk(inputs, undefined, "");
  return found;
}
