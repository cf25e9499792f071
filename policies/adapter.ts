/** Makes policies of Pulumi's SDK from rules. */
import type {
  PolicyConfigSchema,
  PolicyResource,
  ReportViolation,
  ResourceValidationPolicy,
  StackValidationPolicy,
} from "@pulumi/policy";
import { type Exempt, exemption } from "./exemptions";
import type { Context, Declared, Level, PolicyRule, Props } from "./rule";

/** The SDK refuses to read a value that a preview does not know yet, by an error that it does not export. */
function readable(read: () => unknown): unknown {
  try {
    return known(read());
  } catch (error) {
    if (error instanceof Error && error.constructor.name === "UnknownValueError") return undefined;
    throw error;
  }
}

/** Plain data, with undefined for what is not known yet. */
function known(value: unknown): unknown {
  if (Array.isArray(value))
    return Array.from({ length: value.length }, (_, index) => readable(() => value[index] as unknown));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, readable(() => (value as Props)[key])]));
}

interface Source {
  type: string;
  name: string;
  urn: string;
  props: Record<string, unknown>;
}

const alone = ({ type, name, urn, props }: Source): Declared => ({
  type,
  name,
  urn,
  props: known(props) as Props,
  from: () => [],
});

/**
 * Inputs by URN, as they were proposed one by one. A preview leaves out of the whole stack what it does not know yet;
 * of the inputs it tells at least that they are there, and how many a list holds.
 */
export type Proposals = Map<string, Props>;

/** What a stack says of a resource, and for what it leaves out, what was proposed. */
function complete(
  { props, ...resource }: Declared,
  { propertyDependencies }: PolicyResource,
  seen: Proposals,
): Declared {
  const awaited = Object.keys(propertyDependencies).filter((key) => (propertyDependencies[key] ?? []).length > 0);
  const unknown = Object.fromEntries(awaited.map((key) => [key, undefined]));
  return { ...resource, props: { ...unknown, ...seen.get(resource.urn), ...stripped(props) } };
}

/** Without members that say nothing. */
const stripped = (props: Props): Props =>
  Object.fromEntries(Object.entries(props).filter(([, value]) => value !== null && value !== undefined));

/** The resources of a stack, each once, with what their properties were made from. */
function together(resources: PolicyResource[], seen: Proposals): Declared[] {
  const declared = new Map(resources.map((resource) => [resource.urn, complete(alone(resource), resource, seen)]));
  for (const { urn, propertyDependencies } of resources) {
    const own = declared.get(urn);
    if (own)
      own.from = (property) => (propertyDependencies[property] ?? []).flatMap(({ urn: of }) => declared.get(of) ?? []);
  }
  return [...declared.values()];
}

/** What a project's configuration says of a rule. */
type Config = Partial<Record<string, unknown>> & { exempt?: Exempt };

function configSchema({ settings = {} }: PolicyRule): PolicyConfigSchema {
  return {
    properties: {
      exempt: {
        type: "object",
        default: {},
        description: "reasons by names of resources that need not fulfil the rule; * stands for any text",
        additionalProperties: { type: "string", minLength: 1 },
      },
      ...settings,
    },
  };
}

/** Reports what is wrong with a resource, unless it is exempt. */
function judge(rule: PolicyRule, resource: Declared, stack: Declared[], config: Config, report: ReportViolation): void {
  if (!rule.types.includes(resource.type) || exemption(rule, resource, config.exempt ?? {}) !== undefined) return;
  const setting = (name: string): unknown => config[name] ?? rule.settings?.[name]?.default;
  const context: Context = {
    number: (name) => setting(name) as number,
    list: (name) => setting(name) as (string | number)[],
    stack,
  };
  for (const violation of rule.judge(resource, context)) {
    report(`${resource.name}: ${violation}. To mend it: ${rule.remedy} (${rule.source}).`, resource.urn);
  }
}

/** The policy of a rule; `level` takes the place of the rule's own. All policies of a pack share their proposals. */
export function policyOf(
  rule: PolicyRule,
  seen: Proposals,
  level?: Level,
): ResourceValidationPolicy | StackValidationPolicy {
  const common = {
    name: rule.name,
    description: `${rule.title.charAt(0).toUpperCase()}${rule.title.slice(1)}.`,
    enforcementLevel: level ?? rule.level,
    severity: rule.severity,
    remediationSteps: rule.remedy,
    tags: [rule.group],
    configSchema: configSchema(rule),
  };
  return rule.scope === "resource"
    ? {
        ...common,
        validateResource: (args, report) => {
          const resource = alone(args);
          seen.set(resource.urn, resource.props);
          judge(rule, resource, [resource], args.getConfig<Config>(), report);
        },
      }
    : {
        ...common,
        validateStack: (args, report) => {
          const stack = together(args.resources, seen);
          for (const resource of stack) judge(rule, resource, stack, args.getConfig<Config>(), report);
        },
      };
}
