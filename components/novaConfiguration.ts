/** What nova-compute is told about one cluster, as the text of a configuration file of oslo.config. */
export interface NovaConfiguration {
  /** Host name under which the service reports. */
  computeHost: string;
  /** Folder of the service's own files. */
  stateDirectory: string;
  /** Name or address of vCenter. */
  server: string;
  port: number;
  username: string;
  password: string;
  /** PEM file on the node; undefined: the CAs that the node trusts. */
  caFile: string | undefined;
  insecure: boolean;
  clusterName: string;
  datastorePattern: string;
  /** Seconds; -1: never. */
  syncPowerStateInterval: number;
}

/** oslo.config takes off one pair of quotes, and reads `$name` as the value of another option; `$$` is a dollar sign. */
const quoted = (value: string): string => `"${value.replaceAll("$", "$$$$")}"`;

/** Holds the password of vCenter's user: a secret as a whole. */
export function novaConfiguration(settings: NovaConfiguration): string {
  const { caFile, insecure, syncPowerStateInterval } = settings;
  return [
    "# Written by Pulumi: the next deployment overwrites what is changed here.",
    "[DEFAULT]",
    `host = ${quoted(settings.computeHost)}`,
    "compute_driver = vmwareapi.VMwareVCDriver",
    `state_path = ${quoted(settings.stateDirectory)}`,
    // Beside a log file of the node's nova.conf: so that the service manager knows why the service ended.
    "use_stderr = true",
    // nova stops an instance that it finds powered off: while HA restarts it, that would undo the restart.
    `sync_power_state_interval = ${String(syncPowerStateInterval)}`,
    "[vmware]",
    `host_ip = ${quoted(settings.server)}`,
    `host_port = ${String(settings.port)}`,
    `host_username = ${quoted(settings.username)}`,
    `host_password = ${quoted(settings.password)}`,
    ...(caFile === undefined ? [] : [`ca_file = ${quoted(caFile)}`]),
    `insecure = ${String(insecure)}`,
    `cluster_name = ${quoted(settings.clusterName)}`,
    `datastore_regex = ${quoted(settings.datastorePattern)}`,
    "",
  ].join("\n");
}
