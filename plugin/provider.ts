import * as pulumi from "@pulumi/pulumi";
import { version } from "../package.json";
import * as components from "../components";
import { checkRules } from "../components/checkRules";
import { clusterRules } from "../components/clusterRules";
import { computeRules, openstackVmRules } from "../components/openstackRules";
import { placementRules } from "../components/placementRules";
import { hidden, plain, type Problem, problemsOf, type Rule } from "../components/validation";
import { vmRules } from "../components/vmRules";
import { known } from "./known";
import { resources, served } from "./packageSchema";
import { shapeOf } from "./shape";

type Component = new (name: string, args: never, opts: pulumi.ComponentResourceOptions) => pulumi.ComponentResource;

/** Each component with the rules that its arguments must keep. */
const library: Record<string, { component: Component; rules: Rule<never>[] }> = {
  EsxiCluster: { component: components.EsxiCluster, rules: clusterRules },
  OpenStackCompute: { component: components.OpenStackCompute, rules: computeRules },
  OpenStackVm: { component: components.OpenStackVm, rules: openstackVmRules },
  PostDeployCheck: { component: components.PostDeployCheck, rules: checkRules },
  UbuntuVm: { component: components.UbuntuVm, rules: vmRules.ubuntu },
  VmPlacement: { component: components.VmPlacement, rules: placementRules },
  WindowsXpVm: { component: components.WindowsXpVm, rules: vmRules.windowsxp },
};

function reasonOf({ value, rule, remedy }: Problem): string {
  const found = value === undefined ? "is not set" : value === hidden ? "(value not shown)" : JSON.stringify(value);
  return `${found}: ${rule}; ${remedy}`;
}

/** @throws pulumi.InputPropertiesError that names every problem at its property; nothing when there are none. */
function refuseInputs(subject: string, problems: Problem[]): void {
  if (problems.length === 0) return;
  throw new pulumi.InputPropertiesError({
    message: `${subject} cannot be made from these inputs`,
    errors: problems.map((problem) => ({ propertyPath: problem.path, reason: reasonOf(problem) })),
  });
}

const secretStructure = (path: string): Problem => ({
  path,
  value: hidden,
  rule: "must not be a secret as a whole: its names become the names of resources",
  remedy: "make secrets of its passwords and keys only",
});

/** The components of this package for programs in other languages. */
export class ComponentProvider implements pulumi.provider.Provider {
  readonly version = version;
  readonly schema = served;

  /** @throws pulumi.InputPropertiesError that names every problem at its property, before anything is created. */
  async construct(
    name: string,
    type: string,
    inputs: pulumi.Inputs,
    options: pulumi.ComponentResourceOptions,
  ): Promise<pulumi.provider.ConstructResult> {
    const spec = resources[type];
    const kind = type.split(":")[2] ?? "";
    const entry = library[kind];
    if (!spec || !entry)
      throw new pulumi.RunError(`${type} is not a component of vsphere-ha; it has ${Object.keys(library).join(", ")}`);
    const subject = `${kind} ${JSON.stringify(name)}`;
    const { value, dependencies, pending, secrets } = await known(inputs, spec.inputProperties);
    refuseInputs(subject, secrets.map(secretStructure));

    const outputs = Object.keys(spec.properties);
    const [waitsFor] = pending.values();
    if (waitsFor) return unknown(name, type, outputs, options, waitsFor);

    const args = value as Record<string, unknown>;
    const { rest, problems } = shapeOf(args, spec.inputProperties, spec.requiredInputs);
    const broken = rest === undefined ? [] : problemsOf(plain(rest) as never, entry.rules);
    refuseInputs(subject, [...problems, ...broken]);

    const opts = pulumi.mergeOptions(options, { dependsOn: [...dependencies] });
    const made = new entry.component(name, args as never, opts);
    const state = made as unknown as Record<string, unknown>;
    return { urn: made.urn, state: Object.fromEntries(outputs.map((key) => [key, state[key]])) };
  }
}

/** In a preview: the component alone, because what it declares depends on a value that comes with the deployment. */
function unknown(
  name: string,
  type: string,
  outputs: string[],
  options: pulumi.ComponentResourceOptions,
  waitsFor: pulumi.Output<unknown>,
): pulumi.provider.ConstructResult {
  const made = new pulumi.ComponentResource(type, name, {}, options);
  void pulumi.log.info("what it declares is known when what it depends on is deployed", made);
  return { urn: made.urn, state: Object.fromEntries(outputs.map((key) => [key, waitsFor.apply(() => undefined)])) };
}
