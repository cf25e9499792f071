package vc

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/vim25/types"
)

const (
	// A distributed switch has four uplinks unless asked otherwise (vSphere Networking, "Create a vSphere Distributed Switch").
	uplinkCount  = 4
	maxPortCount = 1<<31 - 1
	// The newest version of switches that vCenter 8.0 Update 3 makes, and makes by default (VMware KB 315390).
	newestSwitch = "8.0.3"
)

// switchVersions are those that vCenter 8.0 offers, oldest first (vSphere Networking, "Upgrade a vSphere Distributed Switch").
var switchVersions = []string{"6.5.0", "6.6.0", "7.0.0", "7.0.2", "7.0.3", "8.0.0", newestSwitch}

func switchProduct(version string) types.DistributedVirtualSwitchProductSpec {
	return types.DistributedVirtualSwitchProductSpec{
		Name: "DVS", Vendor: "VMware, Inc.", Version: version, Build: about().Build, ForwardingClass: "etherswitch",
	}
}

// switchDefaults is the configuration of a new switch: the API reference for VMwareDVSConfigInfo and its parts, vSphere
// Networking for the numbers.
func switchDefaults(name, version string) *types.VMwareDVSConfigInfo {
	var uplinks []string
	for n := range uplinkCount {
		uplinks = append(uplinks, fmt.Sprintf("uplink%d", n+1))
	}
	id := uuid.New()
	return &types.VMwareDVSConfigInfo{
		DVSConfigInfo: types.DVSConfigInfo{
			Uuid: switchUUID(id), Name: name, ConfigVersion: "1", MaxPorts: maxPortCount, ProductInfo: switchProduct(version),
			UplinkPortPolicy: &types.DVSNameArrayUplinkPortPolicy{UplinkPortName: uplinks}, DefaultPortConfig: portDefaults(),
			Policy:     &types.DVSPolicy{AutoPreInstallAllowed: types.NewBool(false), AutoUpgradeAllowed: types.NewBool(false), PartialUpgradeAllowed: types.NewBool(false)},
			CreateTime: time.Now(), DefaultProxySwitchMaxNumPorts: 512,
			InfrastructureTrafficResourceConfig: trafficDefaults(), NetworkResourceControlVersion: "version3",
		},
		MaxMtu: 1500, LacpApiVersion: "multipleLag", MulticastFilteringMode: "legacyFiltering",
		LinkDiscoveryProtocolConfig: &types.LinkDiscoveryProtocolConfig{Protocol: "cdp", Operation: "listen"},
		IpfixConfig:                 &types.VMwareIpfixConfig{ActiveFlowTimeout: 60, IdleFlowTimeout: 15, SamplingRate: 4096},
	}
}

// switchUUID writes an identifier as vCenter does for switches: in bytes, with a dash in the middle.
func switchUUID(id uuid.UUID) string {
	return fmt.Sprintf("% x-% x", id[:8], id[8:])
}

// trafficDefaults are the shares of system traffic (vSphere Networking, "Bandwidth Allocation for System Traffic").
func trafficDefaults() []types.DvsHostInfrastructureTrafficResource {
	var list []types.DvsHostInfrastructureTrafficResource
	for _, class := range []types.DistributedVirtualSwitchHostInfrastructureTrafficClass{
		types.DistributedVirtualSwitchHostInfrastructureTrafficClassManagement, types.DistributedVirtualSwitchHostInfrastructureTrafficClassFaultTolerance,
		types.DistributedVirtualSwitchHostInfrastructureTrafficClassVmotion, types.DistributedVirtualSwitchHostInfrastructureTrafficClassVirtualMachine,
		types.DistributedVirtualSwitchHostInfrastructureTrafficClassISCSI, types.DistributedVirtualSwitchHostInfrastructureTrafficClassNfs,
		types.DistributedVirtualSwitchHostInfrastructureTrafficClassHbr, types.DistributedVirtualSwitchHostInfrastructureTrafficClassVsan,
		types.DistributedVirtualSwitchHostInfrastructureTrafficClassVdp, types.DistributedVirtualSwitchHostInfrastructureTrafficClassBackupNfc,
	} {
		shares := &types.SharesInfo{Level: types.SharesLevelNormal, Shares: 50}
		if class == types.DistributedVirtualSwitchHostInfrastructureTrafficClassVirtualMachine {
			shares = &types.SharesInfo{Level: types.SharesLevelHigh, Shares: 100}
		}
		list = append(list, types.DvsHostInfrastructureTrafficResource{
			Key: string(class), AllocationInfo: types.DvsHostInfrastructureTrafficResourceAllocation{
				Limit: types.NewInt64(-1), Reservation: types.NewInt64(0), Shares: shares,
			},
		})
	}
	return list
}

// portDefaults is what ports have unless the switch says otherwise. Which uplinks are active follows from the uplinks.
func portDefaults() *types.VMwareDVSPortSetting {
	is := func(v bool) *types.BoolPolicy { return &types.BoolPolicy{Value: types.NewBool(v)} }
	text := func(v string) *types.StringPolicy { return &types.StringPolicy{Value: v} }
	number := func(v int32) *types.IntPolicy { return &types.IntPolicy{Value: v} }
	shaping := func() *types.DVSTrafficShapingPolicy {
		return &types.DVSTrafficShapingPolicy{
			Enabled: is(false), AverageBandwidth: &types.LongPolicy{Value: 100_000_000},
			PeakBandwidth: &types.LongPolicy{Value: 100_000_000}, BurstSize: &types.LongPolicy{Value: 104_857_600},
		}
	}
	return &types.VMwareDVSPortSetting{
		DVPortSetting: types.DVPortSetting{
			Blocked: is(false), VmDirectPathGen2Allowed: is(false), InShapingPolicy: shaping(), OutShapingPolicy: shaping(),
			VendorSpecificConfig: &types.DVSVendorSpecificConfig{}, NetworkResourcePoolKey: text("-1"),
			FilterPolicy: &types.DvsFilterPolicy{},
		},
		Vlan: &types.VmwareDistributedVirtualSwitchVlanIdSpec{}, QosTag: number(-1),
		UplinkTeamingPolicy: &types.VmwareUplinkPortTeamingPolicy{
			Policy: text("loadbalance_srcid"), ReversePolicy: is(true), NotifySwitches: is(true), RollingOrder: is(false),
			FailureCriteria: &types.DVSFailureCriteria{
				CheckSpeed: text("minimum"), Speed: number(10), CheckDuplex: is(false), FullDuplex: is(false),
				CheckErrorPercent: is(false), Percentage: number(0), CheckBeacon: is(false),
			},
			UplinkPortOrder: &types.VMwareUplinkPortOrderPolicy{},
		},
		SecurityPolicy: &types.DVSSecurityPolicy{AllowPromiscuous: is(false), MacChanges: is(false), ForgedTransmits: is(false)},
		IpfixEnabled:   is(false), TxUplink: is(false),
		LacpPolicy: &types.VMwareUplinkLacpPolicy{Enable: is(false), Mode: text("passive")},
	}
}
