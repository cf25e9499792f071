/**
 * The state of a stack that a release deployed, as a file that outlives the lab: what only that lab had (ids, digests,
 * addresses, secrets) is replaced by `{{NAME POINTER}}`, which says where a later deployment has its own. Pure.
 */
export interface Resource {
  urn: string;
  type: string;
  custom: boolean;
  id?: string;
  inputs?: unknown;
  outputs?: unknown;
  [other: string]: unknown;
}

/** What `pulumi stack export` prints. */
export interface Exported {
  version: number;
  deployment: { resources: Resource[]; [other: string]: unknown };
}

/** What changes with every deployment or checkout and says nothing of the resource, or follows from its inputs. */
const passing = ["created", "modified", "sourcePosition", "stackTrace", "dependencies", "propertyDependencies"];

/** How Pulumi marks a secret in a state (sdk/go/common/resource/sig.Key). */
const secretMark = "4dabf18193072939515e22adb298388d";

/** What a text holds that another deployment will not: by its form. */
const ofOneLab = [
  /\b(?:datacenter|host|domain-c|datastore|network|dvportgroup|resgroup|group-[a-z]|vm)-?\d+\b/, // managed objects
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i, // UUIDs
  /(?<!naa\.)\b[0-9a-f]{32,}\b/i, // digests, ids of OpenStack
  /(?:[0-9a-f]{2}:){5}[0-9a-f]{2}/i, // MAC addresses, thumbprints
  /\b127\.\d+\.\d+\.\d+\b/,
  /\bssh-(?:ed25519|rsa) /,
  /^\d{13,}$|\d{4}-\d\d-\d\dT/, // moments
  /\/\.(?:lab|terraform)\//, // paths
  /-[0-9a-f]{7}$/, // names that Pulumi makes
];

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
const token = ({ urn }: Resource, pointer: string): string => `{{${nameOf(urn)} ${pointer}}}`;
const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isProvider = ({ type }: { type: string }): boolean => type.startsWith("pulumi:providers:");

function mapped(value: unknown, pointer: string, leaf: (value: unknown, pointer: string) => unknown): unknown {
  if (Array.isArray(value)) {
    return value.map((item, at) => mapped(item, `${pointer}/${String(at)}`, leaf)).filter((item) => item !== undefined);
  }
  if (!isTable(value) || secretMark in value) return leaf(value, pointer);
  const members = Object.entries(value).map(
    ([key, member]) => [key, mapped(member, `${pointer}/${key}`, leaf)] as const,
  );
  return Object.fromEntries(members.filter(([, member]) => member !== undefined));
}

const isOfOneLab = (text: string): boolean => ofOneLab.some((form) => form.test(text));

/** A text that only this deployment has, and where the resources say it. */
interface Known {
  text: string;
  token: string;
}

/** First the ids of the resources themselves, then what they were told by vCenter and OpenStack. */
function knownOf(resources: readonly Resource[]): Known[] {
  const known = new Map<string, string>();
  const own = resources.filter(({ custom }) => custom);
  for (const resource of own) {
    const { id = "", urn } = resource;
    // The command provider makes an id of the name and eight digits.
    if (isOfOneLab(id) || /^[0-9a-f]{8}$/.test(id.replace(nameOf(urn), ""))) known.set(id, token(resource, "/id"));
  }
  for (const resource of own) {
    mapped(resource.outputs, "/outputs", (value, pointer) => {
      const isId = typeof value === "string" && isOfOneLab(value) && /^[\w-]+$/.test(value);
      if (isId && !known.has(value)) known.set(value, token(resource, pointer));
      return value;
    });
  }
  // The longest first: some are part of others.
  return [...known].map(([text, token]) => ({ text, token })).sort((a, b) => b.text.length - a.text.length);
}

function withTokens(text: string, known: readonly Known[]): string {
  // Each once, from left to right, so that no token is searched for ids itself.
  const escaped = known.map((one) => one.text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const any = new RegExp(`(?<![\\w-])(?:${escaped.join("|")})(?!\\w)`, "g");
  return known.length === 0
    ? text
    : text.replaceAll(any, (found) => known.find((one) => one.text === found)?.token ?? "");
}

/** The resources as a release leaves them, without what only this deployment had. */
export function released({ deployment: { resources } }: Exported): Resource[] {
  const known = knownOf(resources);
  return resources.map((resource) => {
    const kept = Object.entries(resource).filter(([key]) => !passing.includes(key));
    // Outputs of a component are no state of its own: its children have all of it.
    const own = Object.fromEntries(kept.filter(([key]) => resource.custom || key !== "outputs"));
    return mapped(own, "", (value, pointer) => {
      if (isTable(value)) return token(resource, pointer);
      if (typeof value !== "string" || pointer === "/urn" || pointer === "/parent") return value;
      const text = withTokens(value, known);
      const isPrinted = /^\/outputs\/std(out|err)$/.test(pointer);
      return isPrinted || isOfOneLab(text.replaceAll(/\{\{.*?\}\}/g, "")) ? token(resource, pointer) : text;
    }) as Resource;
  });
}

function valueAt(resource: Resource, pointer: string): unknown {
  return pointer
    .split("/")
    .slice(1)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], resource);
}

/** How many of its inputs a resource has in common with another. */
function likeness(a: Resource, b: Resource): number {
  if (!isTable(a.inputs) || !isTable(b.inputs)) return 0;
  const others = b.inputs;
  return Object.entries(a.inputs).filter(([key, value]) => JSON.stringify(value) === JSON.stringify(others[key]))
    .length;
}

/**
 * Which resource of now is which of the release: by name, or else the most alike that is left of its type. Only preview can
 * judge whether Pulumi takes it for the same, by an alias; the state does not say.
 * @throws Error that names what nothing is left for
 */
function successors(release: readonly Resource[], now: readonly Resource[]): Map<string, Resource> {
  const found = new Map<string, Resource>();
  const left = new Set(now);
  const take = (resource: Resource, successor: Resource): void => {
    found.set(nameOf(resource.urn), successor);
    left.delete(successor);
  };
  const own = release.filter(({ custom }) => custom);
  for (const resource of own) {
    const same = now.find(({ urn }) => urn === resource.urn);
    if (same) take(resource, same);
  }
  const missing = own.filter((resource) => {
    if (found.has(nameOf(resource.urn))) return false;
    const [next] = [...left]
      .filter(({ type }) => type === resource.type)
      .sort((a, b) => likeness(resource, b) - likeness(resource, a));
    if (next) take(resource, next);
    return next === undefined;
  });
  if (missing.length > 0) {
    const list = missing.map(({ urn, type }) => `\n  ${nameOf(urn)} (${type})`).join("");
    throw new Error(`the release made what is not made now, so that its users would lose it:${list}`);
  }
  return found;
}

/**
 * The state as it would be had the release deployed what is deployed now: ids and secrets are those of now, all else is the
 * release's.
 * @throws Error that names every resource of the release of which there is none now
 */
export function asDeployedBy(release: readonly Resource[], now: Exported): Exported {
  const found = successors(release, now.deployment.resources);
  const resources = mapped(release, "", (value) => {
    if (typeof value !== "string") return value;
    const lookUp = (name: string, pointer: string): unknown => {
      const resource = found.get(name);
      return resource && valueAt(resource, pointer);
    };
    const whole = /^\{\{(\S+) (\S+)\}\}$/.exec(value);
    if (whole) return lookUp(whole[1] ?? "", whole[2] ?? "");
    return value.replaceAll(/\{\{(\S+) (\S+?)\}\}/g, (_, name: string, at: string) => String(lookUp(name, at)));
  });
  return { ...now, deployment: { ...now.deployment, resources: resources as Resource[] } };
}

/** Of what `pulumi preview --json` prints. */
export interface Preview {
  steps: { op: string; urn: string }[];
}

/** Steps by which a user would lose something, or get it twice: `delete cluster-esx-01 (vsphere:index/host:Host)`. */
export function losses({ steps }: Preview): string[] {
  const harmless = ["same", "read", "update", "refresh"];
  // A check that is made again is a command that is replaced: it holds nothing.
  const again = ["replace", "create-replacement", "delete-replaced"];
  return steps
    .filter(({ op, urn }) => !(again.includes(op) && urn.includes("vsphere-ha:index:PostDeployCheck$command:")))
    .map(({ op, urn }) => ({ op, urn, type: urn.split("::").at(-2)?.split("$").at(-1) ?? "" }))
    .filter(({ op, type }) => !harmless.includes(op) && !isProvider({ type }))
    .map(({ op, urn, type }) => `${op} ${nameOf(urn)} (${type})`);
}
