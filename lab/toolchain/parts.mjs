/**
 * What the toolchain consists of. The pins are exact: facts about why other versions do not work belong beside them.
 *
 * @typedef {object} GoPart
 * @property {string} name short name, also of the folder in the cache
 * @property {string} title what the progress shows
 * @property {string} dir folder of its Go module, relative to lab/
 * @property {string} package Go package to build
 * @property {string} program file name of the program
 * @property {number} megabytes disk space that its build needs with empty Go caches, modules included; 6.2 GB were measured for all, this is rounded up
 * @property {string} [ldflags] link flags beside the common ones
 * @property {string} [noSumDb] module whose version the checksum database does not know; go.sum pins it
 */

// v3.220.0 is the last CLI that starts policy packs through a shim; later ones need more of the language host than 3.68.0 has.
const PULUMI = "3.220.0";

/** Versions of the provider plugins; each must satisfy the peer range in package.json. */
export const PLUGINS = { vsphere: "4.0.0", openstack: "5.4.0", command: "1.2.1" };

/** Providers whose TypeScript SDK npm does not have. */
export const GENERATED_SDKS = /** @type {const} */ (["vsphere", "openstack"]);

/**
 * @param {"vsphere" | "openstack" | "command"} name
 * @param {string} title
 * @param {number} megabytes
 * @returns {GoPart}
 */
function provider(name, title, megabytes) {
  return {
    megabytes,
    name,
    title: `${title} provider ${PLUGINS[name]}`,
    dir: `toolchain/${name}`,
    package: ".",
    program: `pulumi-resource-${name}`,
    ldflags: `-X main.version=${PLUGINS[name]}`,
  };
}

/** @type {readonly GoPart[]} */
export const GO_PARTS = [
  {
    name: "pulumi",
    title: `Pulumi CLI ${PULUMI}`,
    dir: "toolchain/cli",
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    program: "pulumi",
    megabytes: 2000,
    ldflags: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`,
  },
  {
    // The last version that the module proxy serves; it runs programs of newer SDKs.
    name: "nodejs",
    title: "Pulumi language host for Node 3.68.0",
    dir: "toolchain/lang",
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    program: "pulumi-language-nodejs",
    megabytes: 500,
  },
  provider("vsphere", "vSphere", 2500),
  {
    ...provider("openstack", "OpenStack", 1200),
    noSumDb: "github.com/terraform-provider-openstack/terraform-provider-openstack/v3",
  },
  provider("command", "command", 300),
  { name: "gensdk", title: "SDK generator", dir: "toolchain/gensdk", package: ".", program: "gensdk", megabytes: 800 },
  { name: "certs", title: "certificate maker", dir: "toolchain/certs", package: ".", program: "certs", megabytes: 50 },
  { name: "vcenter", title: "simulated vCenter", dir: "vcenter", package: ".", program: "vcenter", megabytes: 600 },
];

/** Flags of every build, independent of what the user has in GOFLAGS. */
export const GOFLAGS = "-buildvcs=false -mod=readonly -trimpath";

/**
 * The link flags of a part.
 * @param {GoPart} part
 */
export function ldflags(part) {
  return ["-s -w", part.ldflags].filter(Boolean).join(" ");
}
