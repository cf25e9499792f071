import type { PolicyResource } from "@pulumi/policy";
import { policies } from "../../../policies/policies";

// The SDK's own reading of properties, which throws where a preview does not know a value: nothing else imitates it.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { unknownCheckingProxy, unknownStringValue } = require("@pulumi/policy/proxy") as {
  unknownCheckingProxy: (props: object) => Record<string, unknown>;
  unknownStringValue: string;
};

/** Stands for a value that a preview does not know yet. */
export const unknown = unknownStringValue;

/** A resource as a program proposes it. */
export interface Proposed {
  type: string;
  /** Default: the last part of the type. */
  name?: string;
  props: object;
  /** Names of the resources that properties are made from. */
  from?: Record<string, string[]>;
}

const nameOf = ({ name, type }: Proposed): string => name ?? type.split(":").at(-1) ?? "";

/** A map that the SDK wants and no rule reads. */
const stackTags = new Map<string, string>();
const notApplicable = (): never => {
  throw new Error("not expected");
};

function asResource(proposed: Proposed): PolicyResource {
  return {
    type: proposed.type,
    name: nameOf(proposed),
    urn: `urn:pulumi:dev::test::${proposed.type}::${nameOf(proposed)}`,
    props: unknownCheckingProxy(proposed.props),
    opts: {} as PolicyResource["opts"],
    dependencies: [],
    propertyDependencies: {},
    isType: () => false,
    asType: () => undefined,
  };
}

/** A preview leaves what it does not know out of the whole stack. */
function outcome(resource: PolicyResource, { props }: Proposed): PolicyResource {
  const hidden = (value: unknown): boolean => (Array.isArray(value) ? value.includes(unknown) : value === unknown);
  return Object.assign(resource, {
    props: Object.fromEntries(Object.entries(props).filter(([, value]) => !hidden(value))),
  });
}

/** What one policy of the pack reports on a stack, as the SDK would call it: each resource first, then all. */
export async function violations(policy: string, stack: Proposed[], config: object = {}): Promise<string[]> {
  const pack = policies();
  const found = pack.find(({ name }) => name === policy);
  if (!found) throw new Error(`no policy ${policy}`);
  const said: string[] = [];
  const report = (message: string): void => void said.push(message);
  const getConfig = <T extends object>(): T => config as T;
  const resources = stack.map(asResource);
  const named = new Map(resources.map((resource) => [resource.name, resource]));
  stack.forEach(({ from = {} }, index) => {
    for (const [property, names] of Object.entries(from)) {
      const of = names.map((name) => named.get(name) ?? notApplicable());
      Object.assign(resources[index]?.propertyDependencies ?? {}, { [property]: of });
    }
  });
  for (const each of pack) {
    if ("validateStack" in each) continue;
    for (const resource of resources) {
      for (const validate of [each.validateResource ?? []].flat()) {
        const into = each === found ? report : () => undefined;
        const settings = <T extends object>(): T => (each === found ? config : {}) as T;
        await validate({ ...resource, stackTags, getConfig: settings, notApplicable, asType: () => undefined }, into);
      }
    }
  }
  if ("validateStack" in found) {
    stack.forEach((proposed, index) => resources[index] && outcome(resources[index], proposed));
    await found.validateStack({ resources, stackTags, getConfig, notApplicable }, report);
  }
  return said;
}
