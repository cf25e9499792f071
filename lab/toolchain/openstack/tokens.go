package main

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
)

// The services whose official token names are known. Resources of others are left out: under a name of our own they
// would work here and nowhere else.
var modules = []string{"blockstorage", "compute", "identity", "images", "networking"}

// Official names that differ from the standard ones, which keep the API version and the upstream spelling of words.
// Source: the schema of the official provider, 5.5.1.
var officialNames = map[string]string{
	"blockstorage/QuotasetV3":     "QuoteSetV3",
	"blockstorage/VolumeAttachV3": "VolumeAttach",
	"blockstorage/VolumeV3":       "Volume",

	"compute/FlavorAccessV2":         "FlavorAccess",
	"compute/FlavorV2":               "Flavor",
	"compute/InstanceV2":             "Instance",
	"compute/InterfaceAttachV2":      "InterfaceAttach",
	"compute/KeypairV2":              "Keypair",
	"compute/QuotasetV2":             "QuotaSetV2",
	"compute/ServergroupV2":          "ServerGroup",
	"compute/VolumeAttachV2":         "VolumeAttach",
	"compute/getAvailabilityZonesV2": "getAvailabilityZones",
	"compute/getFlavorV2":            "getFlavor",
	"compute/getKeypairV2":           "getKeypair",
	"compute/getQuotasetV2":          "getQuotaSetV2",

	"identity/ApplicationCredentialV3": "ApplicationCredential",
	"identity/InheritRoleAssignmentV3": "InheritRoleAssignment",
	"identity/ProjectV3":               "Project",
	"identity/RoleAssignmentV3":        "RoleAssignment",
	"identity/RoleV3":                  "Role",
	"identity/UserV3":                  "User",
	"identity/getAuthScopeV3":          "getAuthScope",
	"identity/getEndpointV3":           "getEndpoint",
	"identity/getGroupV3":              "getGroup",
	"identity/getProjectV3":            "getProject",
	"identity/getRoleV3":               "getRole",
	"identity/getServiceV3":            "getService",
	"identity/getUserV3":               "getUser",

	"images/ImageAccessAcceptV2": "ImageAccessAccept",
	"images/ImageAccessV2":       "ImageAccess",
	"images/ImageV2":             "Image",
	"images/getImageIdsV2":       "getImageIds",
	"images/getImageV2":          "getImage",

	"networking/AddressscopeV2":               "AddressScope",
	"networking/FloatingipAssociateV2":        "FloatingIpAssociate",
	"networking/FloatingipV2":                 "FloatingIp",
	"networking/NetworkV2":                    "Network",
	"networking/PortSecgroupAssociateV2":      "PortSecGroupAssociate",
	"networking/PortV2":                       "Port",
	"networking/PortforwardingV2":             "PortForwardingV2",
	"networking/QosBandwidthLimitRuleV2":      "QosBandwidthLimitRule",
	"networking/QosDscpMarkingRuleV2":         "QosDscpMarkingRule",
	"networking/QosMinimumBandwidthRuleV2":    "QosMinimumBandwidthRule",
	"networking/QosPolicyV2":                  "QosPolicy",
	"networking/RouterInterfaceV2":            "RouterInterface",
	"networking/RouterRouteV2":                "RouterRoute",
	"networking/RouterV2":                     "Router",
	"networking/SecgroupRuleV2":               "SecGroupRule",
	"networking/SecgroupV2":                   "SecGroup",
	"networking/SubnetRouteV2":                "SubnetRoute",
	"networking/SubnetV2":                     "Subnet",
	"networking/SubnetpoolV2":                 "SubnetPool",
	"networking/TrunkV2":                      "Trunk",
	"networking/getAddressscopeV2":            "getAddressScope",
	"networking/getFloatingipV2":              "getFloatingIp",
	"networking/getNetworkV2":                 "getNetwork",
	"networking/getPortIdsV2":                 "getPortIds",
	"networking/getPortV2":                    "getPort",
	"networking/getQosBandwidthLimitRuleV2":   "getQosBandwidthLimitRule",
	"networking/getQosDscpMarkingRuleV2":      "getQosDscpMarkingRule",
	"networking/getQosMinimumBandwidthRuleV2": "getQosMinimumBandwidthRule",
	"networking/getQosPolicyV2":               "getQosPolicy",
	"networking/getRouterV2":                  "getRouter",
	"networking/getSecgroupV2":                "getSecGroup",
	"networking/getSubnetV2":                  "getSubnet",
	"networking/getSubnetpoolV2":              "getSubnetPool",
	"networking/getTrunkV2":                   "getTrunk",
}

func officialToken(module, name string) (string, error) {
	if official, ok := officialNames[module+"/"+name]; ok {
		name = official
	}
	return tokens.MakeStandard("openstack")(module, name)
}

// The upstream names that belong to none of the given modules.
func outside(p *schema.Provider, modules []string) []string {
	var names []string
	for _, kind := range []map[string]*schema.Resource{p.ResourcesMap, p.DataSourcesMap} {
		for name := range kind {
			module, _, _ := strings.Cut(strings.TrimPrefix(name, "openstack_"), "_")
			if !slices.Contains(modules, module) {
				names = append(names, name)
			}
		}
	}
	return names
}
