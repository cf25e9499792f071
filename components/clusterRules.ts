import type { EsxiClusterArgs } from "./esxiCluster";
import {
  each,
  hidden,
  known,
  matches,
  nonEmpty,
  oneOf,
  orMinusOne,
  Plain,
  Rule,
  unique,
  Violation,
  wholeNumber,
} from "./validation";
import * as values from "./values";

type Args = Plain<EsxiClusterArgs>;

const hostNames = (args: Args): string[] => args.hosts.map(({ name }) => name);
const datastoreNames = (args: Args): string[] => args.datastores.map(({ name }) => name);

/** The violation of a property that is stated although another makes it ineffective or forbids it. */
function stated(path: string, value: unknown, when: boolean): Violation[] {
  return when && value !== undefined ? [{ path, value }] : [];
}

/** vSphere HA uses 2 heartbeat datastores a host unless das.heartbeatDsPerHost says otherwise. */
function heartbeatsPerHost(args: Args): number {
  const option = Object.entries(args.ha?.advancedOptions ?? {}).find(
    ([key]) => key.toLowerCase() === "das.heartbeatdsperhost",
  );
  return option?.[1] === undefined ? 2 : Number(option[1]);
}

/** With an empty list of preferred heartbeat datastores vCenter chooses among all, unless it must use the list alone. */
const prefersNone = ({ ha }: Args): boolean =>
  ha?.heartbeatDatastores?.length === 0 && ha.heartbeatDatastorePolicy !== "userSelectedDs";

const policyOf = (args: Args): string => args.ha?.admissionControlPolicy ?? "resourcePercentage";

const names: Rule<EsxiClusterArgs>[] = [
  nonEmpty("clusterName", "the name that the cluster has in vCenter"),
  nonEmpty("datacenter.name", "the name of the datacenter"),
  nonEmpty("hosts[].name", "the host's name or address, as vCenter knows it"),
  nonEmpty("hosts[].username", "the name of an administrator of the host"),
  nonEmpty(["datastores[].name", "datastores[].nfs.server", "datastores[].nfs.path", "datastores[].vmfs.disk"], "it"),
  nonEmpty(["portGroups[].name", "portGroups[].virtualSwitch"], "it"),
  unique("hosts[].name", "host"),
  unique("datastores[].name", "datastore"),
  unique("portGroups[].name", "port group"),
];

const redundancy: Rule<EsxiClusterArgs>[] = [
  {
    rule: "must hold 2 hosts or more: with one there is nowhere to restart virtual machines",
    remedy: "add a host",
    broken: ({ hosts }) => (hosts.length < 2 ? [{ path: "hosts", value: hosts.map(({ name }) => name) }] : []),
    limits: { paths: ["hosts"], schema: { minItems: 2 } },
  },
  {
    rule: "must be shared datastores, at least as many as heartbeat datastores a host (das.heartbeatDsPerHost, 2 by default)",
    remedy: "add a shared datastore",
    broken: (args) => {
      const enough = (list: string[]): boolean => new Set(list).size >= heartbeatsPerHost(args);
      const preferred = prefersNone(args) ? undefined : args.ha?.heartbeatDatastores;
      const path = preferred ? "ha.heartbeatDatastores" : "datastores";
      const list = preferred ?? datastoreNames(args);
      return args.ha?.enabled !== false && !enough(list) ? [{ path, value: list }] : [];
    },
  },
  {
    rule: "must be less than the number of hosts",
    remedy: "lower the tolerance or add hosts",
    broken: (args) => {
      const path = "ha.admissionControlHostFailureTolerance";
      const value = args.ha?.admissionControlHostFailureTolerance;
      return value !== undefined && value >= args.hosts.length ? [{ path, value }] : [];
    },
  },
  known("ha.admissionControlFailoverHosts[]", "hosts of this cluster", hostNames),
  known("ha.heartbeatDatastores[]", "datastores of this cluster", datastoreNames),
  {
    rule: "must leave a host for the virtual machines",
    remedy: "name fewer failover hosts",
    broken: (args) =>
      stated(
        "ha.admissionControlFailoverHosts",
        args.ha?.admissionControlFailoverHosts,
        new Set(args.ha?.admissionControlFailoverHosts).size >= args.hosts.length,
      ),
  },
];

const membersOfLists: Rule<EsxiClusterArgs>[] = [
  {
    rule: "must have a password, or be declared as existing in vCenter",
    remedy:
      "give it as a secret (hostPassword or VSPHERE_HA_HOST_PASSWORD in the reference stack), or set existing: true",
    // A password that is not known yet was replaced by undefined: only a missing member is missing.
    broken: ({ hosts }) =>
      hosts.flatMap((host, index) =>
        host.existing !== true && !("password" in host)
          ? [{ path: `hosts[${String(index)}].password`, value: undefined }]
          : [],
      ),
  },
  {
    rule: "must not be empty",
    remedy: "give the password of the host's administrator as a secret",
    broken: ({ hosts }) =>
      hosts.flatMap(({ password }, index) =>
        password === "" ? [{ path: `hosts[${String(index)}].password`, value: "" }] : [],
      ),
  },
  {
    rule: "must be left to whoever manages the existing host",
    remedy: "leave it out, or let this stack add the host",
    broken: ({ hosts }) =>
      hosts.flatMap((host, index) =>
        (["username", "password", "thumbprint", "license", "lockdown", "maintenance"] as const)
          .filter((property) => host.existing === true && property in host)
          .map((property) => ({
            path: `hosts[${String(index)}].${property}`,
            value: property === "password" ? hidden : host[property],
          })),
      ),
  },
  matches(
    "hosts[].thumbprint",
    "must be a SHA-1 thumbprint, 20 bytes in hexadecimal separated by colons",
    "read it on the host: openssl x509 -in /etc/vmware/ssl/rui.crt -fingerprint -sha1 -noout",
    /^([0-9a-fA-F]{2}:){19}[0-9a-fA-F]{2}$/,
  ),
  oneOf("hosts[].lockdown", values.LockdownMode),
  oneOf("datastores[].nfs.version", values.NfsVersion),
  each(
    "datastores[]",
    "must say exactly one of nfs, vmfs, existing: true",
    "say how the datastore comes about",
    (value) => {
      const { nfs, vmfs, existing } = value as Args["datastores"][number];
      return [nfs !== undefined, vmfs !== undefined, existing === true].filter(Boolean).length === 1;
    },
    {
      oneOf: [
        { required: ["nfs"] },
        { required: ["vmfs"] },
        { required: ["existing"], properties: { existing: { const: true } } },
      ],
    },
  ),
  wholeNumber("portGroups[].vlanId", "a VLAN id", 0, 4095),
  wholeNumber("hostClusterExitTimeout", "seconds", 0, 604800),
];

const existing: Rule<EsxiClusterArgs>[] = [
  {
    rule: "must be true: an existing cluster is in an existing datacenter",
    remedy: "set datacenter.existing: true, or let this stack make the cluster",
    broken: (args) =>
      args.existing === true && args.datacenter.existing !== true
        ? [{ path: "datacenter.existing", value: args.datacenter.existing }]
        : [],
  },
  {
    rule: "must be left out: an existing cluster stays on destroy, with its hosts",
    remedy: "leave it out",
    broken: (args) => stated("forceEvacuateOnDestroy", args.forceEvacuateOnDestroy, args.existing === true),
  },
];

const haRanges: Rule<EsxiClusterArgs>[] = [
  oneOf(["ha.hostMonitoring", "ha.vmComponentProtection"], values.ServiceState),
  oneOf("ha.vmRestartPriority", values.RestartPriority),
  oneOf("ha.vmDependencyRestartCondition", values.RestartCondition),
  oneOf("ha.hostIsolationResponse", values.IsolationResponse),
  oneOf("ha.datastorePdlResponse", values.PdlResponse),
  oneOf("ha.datastoreApdResponse", values.ApdResponse),
  oneOf("ha.datastoreApdRecoveryAction", values.ApdRecoveryAction),
  oneOf("ha.vmMonitoring", values.VmMonitoring),
  oneOf("ha.admissionControlPolicy", values.AdmissionControlPolicy),
  oneOf("ha.heartbeatDatastorePolicy", values.HeartbeatDatastorePolicy),
  wholeNumber(
    ["ha.vmRestartAdditionalDelay", "ha.vmRestartTimeout", "ha.datastoreApdResponseDelay", "ha.vmMinimumUptime"],
    "seconds",
    0,
  ),
  wholeNumber("ha.vmFailureInterval", "seconds", 1),
  wholeNumber("ha.vmMaximumResets", "resets", 1),
  orMinusOne(
    "ha.vmMaximumFailureWindow",
    "must be a whole number of seconds, 1 or more, or -1 for no window",
    "write a whole number of seconds, or -1",
    1,
  ),
  wholeNumber("ha.admissionControlHostFailureTolerance", "hosts", 1),
  wholeNumber("ha.admissionControlPerformanceTolerance", "percent", 0, 100),
  wholeNumber(
    ["ha.admissionControlResourcePercentageCpu", "ha.admissionControlResourcePercentageMemory"],
    "percent",
    1,
    100,
  ),
  wholeNumber("ha.admissionControlSlotPolicyExplicitCpu", "MHz", 1),
  wholeNumber("ha.admissionControlSlotPolicyExplicitMemory", "MB", 1),
  {
    rule: "must be a whole number from 2 to 5",
    remedy: "write a number from 2 to 5, as text",
    broken: (args) => {
      const count = heartbeatsPerHost(args);
      return Number.isInteger(count) && count >= 2 && count <= 5
        ? []
        : [{ path: "ha.advancedOptions.das.heartbeatDsPerHost", value: count }];
    },
  },
];

const haContradictions: Rule<EsxiClusterArgs>[] = [
  {
    rule: "has an effect only with admissionControlSlotPolicyUseExplicitSize: true",
    remedy: "set admissionControlSlotPolicyUseExplicitSize: true, or leave the size out",
    broken: (args) => {
      const { ha } = args;
      const off = ha?.admissionControlSlotPolicyUseExplicitSize !== true;
      const base = "ha.admissionControlSlotPolicyExplicit";
      return [
        ...stated(`${base}Cpu`, ha?.admissionControlSlotPolicyExplicitCpu, off),
        ...stated(`${base}Memory`, ha?.admissionControlSlotPolicyExplicitMemory, off),
      ];
    },
  },
  {
    rule: "has an effect only with admissionControlPolicy: slotPolicy",
    remedy: "set admissionControlPolicy: slotPolicy, or leave it out",
    broken: (args) =>
      stated(
        "ha.admissionControlSlotPolicyUseExplicitSize",
        args.ha?.admissionControlSlotPolicyUseExplicitSize,
        args.ha?.admissionControlSlotPolicyUseExplicitSize === true && policyOf(args) !== "slotPolicy",
      ),
  },
  {
    rule: "has an effect only with admissionControlPolicy: resourcePercentage and admissionControlResourcePercentageAutoCompute: false",
    remedy: "set both, or leave the percentage out",
    broken: (args) => {
      const { ha } = args;
      const off =
        policyOf(args) !== "resourcePercentage" || ha?.admissionControlResourcePercentageAutoCompute !== false;
      const base = "ha.admissionControlResourcePercentage";
      return [
        ...stated(`${base}Cpu`, ha?.admissionControlResourcePercentageCpu, off),
        ...stated(`${base}Memory`, ha?.admissionControlResourcePercentageMemory, off),
      ];
    },
  },
  {
    rule: "must be stated with admissionControlPolicy: failoverHosts, and only then",
    remedy: "name the failover hosts together with that policy",
    broken: (args) => {
      const value = args.ha?.admissionControlFailoverHosts;
      return (policyOf(args) === "failoverHosts") !== (value !== undefined && value.length > 0)
        ? [{ path: "ha.admissionControlFailoverHosts", value }]
        : [];
    },
  },
];

const drs: Rule<EsxiClusterArgs>[] = [
  oneOf("drs.automationLevel", values.DrsAutomationLevel),
  wholeNumber("drs.migrationThreshold", "a step", 1, 5),
  oneOf("dpm.automationLevel", values.DpmAutomationLevel),
  wholeNumber("dpm.threshold", "a step", 1, 5),
  oneOf("proactiveHa.automationLevel", values.ProactiveHaAutomationLevel),
  oneOf(["proactiveHa.moderateRemediation", "proactiveHa.severeRemediation"], values.Remediation),
  ...(["dpm", "proactiveHa"] as const).map((part): Rule<EsxiClusterArgs> => ({
    rule: "needs DRS",
    remedy: `enable drs, or leave ${part} off`,
    broken: (args) =>
      stated(`${part}.enabled`, args[part]?.enabled, args[part]?.enabled === true && args.drs?.enabled === false),
  })),
  {
    rule: "must not be milder than moderateRemediation",
    remedy: "set severeRemediation: MaintenanceMode",
    broken: ({ proactiveHa }) => {
      const value = proactiveHa?.severeRemediation;
      return proactiveHa?.moderateRemediation === "MaintenanceMode" && (value ?? "QuarantineMode") === "QuarantineMode"
        ? [{ path: "proactiveHa.severeRemediation", value: value ?? "QuarantineMode" }]
        : [];
    },
  },
];

/** What must hold of a cluster before anything of it is created. */
export const clusterRules: Rule<EsxiClusterArgs>[] = [
  ...names,
  ...redundancy,
  ...membersOfLists,
  ...existing,
  ...haRanges,
  ...haContradictions,
  ...drs,
];
