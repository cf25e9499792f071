/** Settings of a cluster without which a failed host's virtual machines do not come back. */
import { type PolicyRule, shown, stated } from "../rule";
import * as types from "../types";

interface Row {
  name: string;
  title: string;
  severity: PolicyRule["severity"];
  key: string;
  /** The provider's default. */
  fallback: boolean | string;
  allowed: (boolean | string)[];
  source: string;
}

const rows: Row[] = [
  {
    name: "ha-enabled",
    title: "vSphere HA is on",
    severity: "critical",
    key: "haEnabled",
    fallback: false,
    allowed: [true],
    source: "vSphere Availability, Creating and Using vSphere HA Clusters",
  },
  {
    name: "ha-host-monitoring",
    title: "HA restarts the virtual machines of a failed host",
    severity: "critical",
    key: "haHostMonitoring",
    fallback: "enabled",
    allowed: ["enabled"],
    source: "vSphere Availability, Host Failure Types",
  },
  {
    name: "ha-admission-control",
    title: "HA keeps room for the virtual machines of a failed host",
    severity: "critical",
    key: "haAdmissionControlPolicy",
    fallback: "resourcePercentage",
    allowed: ["resourcePercentage", "slotPolicy", "failoverHosts"],
    source: "vSphere Availability, vSphere HA Admission Control",
  },
  {
    name: "ha-component-protection",
    title: "HA answers the loss of storage on one host",
    severity: "high",
    key: "haVmComponentProtection",
    fallback: "enabled",
    allowed: ["enabled"],
    source: "vSphere Availability, VM Component Protection",
  },
  {
    name: "ha-pdl-response",
    title: "a permanent device loss restarts virtual machines elsewhere",
    severity: "high",
    key: "haDatastorePdlResponse",
    fallback: "disabled",
    allowed: ["restartAggressive"],
    source: "vSphere Availability, VM Component Protection",
  },
  {
    name: "ha-apd-response",
    title: "the loss of all paths to a datastore restarts virtual machines elsewhere",
    severity: "high",
    key: "haDatastoreApdResponse",
    fallback: "disabled",
    allowed: ["restartConservative", "restartAggressive"],
    source: "vSphere Availability, VM Component Protection",
  },
];

/** One rule a setting. Where HA is off, ha-enabled says so, and the others say nothing. */
export const clusterSettings: PolicyRule[] = rows.map(({ key, fallback, allowed, ...row }) => ({
  ...row,
  group: "redundancy",
  level: "mandatory",
  remedy: `set ${key} to ${allowed.map(String).join(" or ")}`,
  ...(typeof fallback === "string" && {
    settings: { allowed: { type: "array", default: allowed.map(String), description: `values of ${key} that pass` } },
  }),
  types: [types.cluster],
  scope: "resource",
  judge: ({ props }, { list }) => {
    const value = stated(props, key, fallback);
    if (value === undefined || (key !== "haEnabled" && stated(props, "haEnabled", false) === false)) return [];
    const passing: unknown[] = typeof fallback === "string" ? list("allowed") : allowed;
    return passing.includes(value) ? [] : [`${key} is ${shown(value)}, must be ${passing.map(String).join(" or ")}`];
  },
}));
