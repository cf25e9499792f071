import type * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type * as vsphere from "@pulumi/vsphere";

/** Settings of the providers, and the variables in which vsphere-ha-compute and the providers themselves look for them. */
const variables = {
  openstack: {
    authUrl: "OS_AUTH_URL",
    userName: "OS_USERNAME",
    password: "OS_PASSWORD",
    tenantName: "OS_PROJECT_NAME",
    region: "OS_REGION_NAME",
    cacertFile: "OS_CACERT",
    userDomainName: "OS_USER_DOMAIN_NAME",
    projectDomainName: "OS_PROJECT_DOMAIN_NAME",
  } satisfies Partial<Record<keyof openstack.Provider, string>>,
  vsphere: {
    vsphereServer: "VSPHERE_SERVER",
    user: "VSPHERE_USER",
    password: "VSPHERE_PASSWORD",
  } satisfies Partial<Record<keyof vsphere.Provider, string>>,
};

/**
 * What a component's own providers, or the stack's configuration of the default ones, say otherwise than the environment;
 * undefined when they say nothing. Kept as a secret.
 */
export function providerEnvironment(component: pulumi.Resource): pulumi.Output<Record<string, string>> | undefined {
  const given = Object.entries(variables).flatMap(([pkg, names]) => {
    const provider = component.getProvider(`${pkg}:index:Provider`) as unknown as
      Record<string, pulumi.Output<string | undefined> | undefined> | undefined;
    const config = new pulumi.Config(pkg);
    return Object.entries(names).flatMap(([setting, variable]) => {
      const value = provider ? provider[setting] : config.getSecret(setting);
      return value === undefined ? [] : [pulumi.output(value).apply((text) => [variable, text] as const)];
    });
  });
  if (given.length === 0) return undefined;
  const all = pulumi.all(given).apply((pairs) => {
    return Object.fromEntries(pairs.flatMap(([name, text]) => (text ? [[name, text] as const] : [])));
  });
  return pulumi.secret(all);
}
