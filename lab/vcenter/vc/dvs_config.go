package vc

import (
	"slices"
	"strconv"

	"github.com/vmware/govmomi/vim25/types"
)

// applySwitch lays a specification over a switch's configuration, its members aside: unset means unchanged.
func applySwitch(cfg *types.VMwareDVSConfigInfo, base types.BaseDVSConfigSpec) types.BaseMethodFault {
	spec := base.GetDVSConfigSpec()
	if spec.ConfigVersion != "" && spec.ConfigVersion != cfg.ConfigVersion {
		return &types.ConcurrentAccess{}
	}
	set(&cfg.Name, spec.Name)
	set(&cfg.Description, spec.Description)
	set(&cfg.SwitchIpAddress, spec.SwitchIpAddress)
	set(&cfg.NumStandalonePorts, spec.NumStandalonePorts)
	set(&cfg.MaxPorts, spec.MaxPorts)
	set(&cfg.DefaultProxySwitchMaxNumPorts, spec.DefaultProxySwitchMaxNumPorts)
	set(&cfg.NetworkResourceControlVersion, spec.NetworkResourceControlVersion)
	set(&cfg.ExtensionKey, spec.ExtensionKey)
	if spec.Contact != nil {
		cfg.Contact = *spec.Contact
	}
	if spec.Policy != nil {
		merge(cfg.Policy, spec.Policy)
	}
	for _, r := range spec.InfrastructureTrafficResourceConfig {
		applyTraffic(cfg, r)
	}
	if fault := applyUplinks(cfg, spec); fault != nil {
		return fault
	}
	if vmware, ok := base.(*types.VMwareDVSConfigSpec); ok {
		if fault := applyVMwareSwitch(cfg, vmware); fault != nil {
			return fault
		}
	}
	version, _ := strconv.Atoi(cfg.ConfigVersion)
	cfg.ConfigVersion = strconv.Itoa(version + 1)
	return nil
}

func applyVMwareSwitch(cfg *types.VMwareDVSConfigInfo, spec *types.VMwareDVSConfigSpec) types.BaseMethodFault {
	set(&cfg.MaxMtu, spec.MaxMtu)
	set(&cfg.LacpApiVersion, spec.LacpApiVersion)
	set(&cfg.MulticastFilteringMode, spec.MulticastFilteringMode)
	if spec.LinkDiscoveryProtocolConfig != nil {
		merge(cfg.LinkDiscoveryProtocolConfig, spec.LinkDiscoveryProtocolConfig)
	}
	if spec.IpfixConfig != nil {
		own := *spec.IpfixConfig
		set(&own.ActiveFlowTimeout, cfg.IpfixConfig.ActiveFlowTimeout, spec.IpfixConfig.ActiveFlowTimeout)
		set(&own.IdleFlowTimeout, cfg.IpfixConfig.IdleFlowTimeout, spec.IpfixConfig.IdleFlowTimeout)
		cfg.IpfixConfig = &own
	}
	for _, p := range spec.PvlanConfigSpec {
		if !applyPvlan(cfg, p) {
			return &types.InvalidArgument{InvalidProperty: "spec.pvlanConfigSpec"}
		}
	}
	return nil
}

// set takes the last value that is given; none leaves the field as it is.
func set[T comparable](field *T, values ...T) {
	var none T
	for _, v := range values {
		if v != none {
			*field = v
		}
	}
}

func applyTraffic(cfg *types.VMwareDVSConfigInfo, r types.DvsHostInfrastructureTrafficResource) {
	i := slices.IndexFunc(cfg.InfrastructureTrafficResourceConfig, func(x types.DvsHostInfrastructureTrafficResource) bool { return x.Key == r.Key })
	if i < 0 {
		return
	}
	own := &cfg.InfrastructureTrafficResourceConfig[i].AllocationInfo
	merge(own, &r.AllocationInfo)
	own.Shares.Shares = shareCount(*own.Shares)
}

// shareCount is what a level of shares stands for; only custom ones have a number of their own (API reference, SharesInfo;
// vSphere Networking for those of system traffic).
func shareCount(s types.SharesInfo) int32 {
	switch s.Level {
	case types.SharesLevelLow:
		return 25
	case types.SharesLevelNormal:
		return 50
	case types.SharesLevelHigh:
		return 100
	}
	return s.Shares
}

// applyUplinks names the uplinks and lays the default port settings. Uplinks that are renamed keep their place in the
// order of teaming; uplinks that a teaming order names must exist.
func applyUplinks(cfg *types.VMwareDVSConfigInfo, spec *types.DVSConfigSpec) types.BaseMethodFault {
	policy := cfg.UplinkPortPolicy.(*types.DVSNameArrayUplinkPortPolicy)
	port := cfg.DefaultPortConfig.(*types.VMwareDVSPortSetting)
	old := policy.UplinkPortName
	if p, ok := spec.UplinkPortPolicy.(*types.DVSNameArrayUplinkPortPolicy); ok && len(p.UplinkPortName) > 0 {
		policy.UplinkPortName = slices.Clone(p.UplinkPortName)
	}
	if given, ok := spec.DefaultPortConfig.(*types.VMwareDVSPortSetting); ok {
		layPort(port, given, nil)
	}
	order := port.UplinkTeamingPolicy.UplinkPortOrder
	if len(order.ActiveUplinkPort)+len(order.StandbyUplinkPort) == 0 {
		order.ActiveUplinkPort = slices.Clone(policy.UplinkPortName)
		return nil
	}
	for _, list := range []*[]string{&order.ActiveUplinkPort, &order.StandbyUplinkPort} {
		renamed, ok := renameUplinks(*list, old, policy.UplinkPortName)
		if !ok {
			return &types.InvalidArgument{InvalidProperty: "spec.defaultPortConfig.uplinkTeamingPolicy.uplinkPortOrder"}
		}
		*list = renamed
	}
	return nil
}

func renameUplinks(list, old, now []string) (renamed []string, ok bool) {
	for _, name := range list {
		i := slices.Index(old, name)
		switch {
		case slices.Contains(now, name):
			renamed = append(renamed, name)
		case i >= 0 && i < len(now):
			renamed = append(renamed, now[i])
		case i < 0:
			return nil, false
		}
	}
	return renamed, true
}

// applyPvlan carries out one change of the private VLAN map; false when it does not fit the map.
func applyPvlan(cfg *types.VMwareDVSConfigInfo, spec types.VMwareDVSPvlanConfigSpec) bool {
	e := spec.PvlanEntry
	i := slices.IndexFunc(cfg.PvlanConfig, func(x types.VMwareDVSPvlanMapEntry) bool {
		return x.SecondaryVlanId == e.SecondaryVlanId && (x.PvlanType == e.PvlanType || spec.Operation == string(types.ConfigSpecOperationEdit))
	})
	cfg.PvlanConfig = slices.Clone(cfg.PvlanConfig)
	switch {
	case spec.Operation == string(types.ConfigSpecOperationAdd) && i < 0:
		cfg.PvlanConfig = append(cfg.PvlanConfig, e)
	case spec.Operation == string(types.ConfigSpecOperationEdit) && i >= 0:
		cfg.PvlanConfig[i] = e
	case spec.Operation == string(types.ConfigSpecOperationRemove) && i >= 0:
		cfg.PvlanConfig = slices.Delete(cfg.PvlanConfig, i, i+1)
	default:
		return false
	}
	return true
}
