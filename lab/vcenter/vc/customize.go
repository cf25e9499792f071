package vc

import (
	"net"
	"net/netip"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// identity is what a customisation gives a guest: its name, and for each adapter fixed addresses, where it has any.
type identity struct {
	hostName string
	nics     []nicIdentity
	pending  bool // it is set when the guest boots for the next time
}

type nicIdentity struct {
	addresses []netip.Prefix
	gateways  []string
	dns       []string
}

// CustomizeVMTask keeps a customisation for the next power-on.
func (v *virtualMachine) CustomizeVMTask(ctx *simulator.Context, req *types.CustomizeVM_Task) soap.HasFault {
	run := func(ctx *simulator.Context) (types.AnyType, types.BaseMethodFault) {
		var fault types.BaseMethodFault
		ctx.WithLock(v, func() {
			switch {
			case v.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOff:
				fault = &types.InvalidPowerState{RequestedState: types.VirtualMachinePowerStatePoweredOff, ExistingState: v.Runtime.PowerState}
			case v.Config.Tools != nil && v.Config.Tools.PendingCustomization != "":
				fault = &types.CustomizationPending{}
			}
		})
		if fault == nil {
			fault = v.s.customize(ctx, v.VirtualMachine, &req.Spec)
		}
		return nil, fault
	}
	return &methods.CustomizeVM_TaskBody{Res: &types.CustomizeVM_TaskResponse{Returnval: v.s.task(ctx, v.Self, "customizeVm", run)}}
}

func (s *Sim) customize(ctx *simulator.Context, vm *simulator.VirtualMachine, spec *types.CustomizationSpec) types.BaseMethodFault {
	var fault types.BaseMethodFault
	var name string
	ctx.WithLock(vm, func() {
		fault, name = customizable(vm.Config, spec), vm.Name
		if fault == nil {
			ctx.Update(vm, []types.PropertyChange{{Name: "config.tools.pendingCustomization", Val: uuid.NewString()}})
		}
	})
	if fault != nil {
		return fault
	}
	id := identityOf(name, spec)
	s.updateMachine(vm.Self, func(m *machine) { m.identity = &id })
	return nil
}

// customizable tells whether a specification fits a machine: it names as many adapters as there are.
func customizable(c *types.VirtualMachineConfigInfo, spec *types.CustomizationSpec) types.BaseMethodFault {
	adapters := 0
	for _, d := range c.Hardware.Device {
		if _, ok := d.(types.BaseVirtualEthernetCard); ok {
			adapters++
		}
	}
	if adapters != len(spec.NicSettingMap) {
		return &types.NicSettingMismatch{NumberOfNicsInSpec: int32(len(spec.NicSettingMap)), NumberOfNicsInVM: int32(adapters)}
	}
	return nil
}

func identityOf(name string, spec *types.CustomizationSpec) identity {
	id := identity{pending: true}
	switch i := spec.Identity.(type) {
	case *types.CustomizationLinuxPrep:
		id.hostName = computerName(name, i.HostName)
	case *types.CustomizationSysprep:
		id.hostName = computerName(name, i.UserData.ComputerName)
	}
	for _, n := range spec.NicSettingMap {
		nic := nicIdentity{gateways: n.Adapter.Gateway, dns: n.Adapter.DnsServerList}
		if len(nic.dns) == 0 {
			nic.dns = spec.GlobalIPSettings.DnsServerList
		}
		if ip, ok := n.Adapter.Ip.(*types.CustomizationFixedIp); ok {
			nic.add(ip.IpAddress, maskBits(n.Adapter.SubnetMask))
		}
		if v6 := n.Adapter.IpV6Spec; v6 != nil {
			nic.gateways = append(nic.gateways, v6.Gateway...)
			for _, g := range v6.Ip {
				if ip, ok := g.(*types.CustomizationFixedIpV6); ok {
					nic.add(ip.IpAddress, int(ip.SubnetMask))
				}
			}
		}
		id.nics = append(id.nics, nic)
	}
	return id
}

func (n *nicIdentity) add(address string, bits int) {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return
	}
	if p := netip.PrefixFrom(a, bits); p.IsValid() {
		n.addresses = append(n.addresses, p)
	}
}

func maskBits(mask string) int {
	ip := net.ParseIP(mask).To4()
	if ip == nil {
		return insidePrefix
	}
	bits, _ := net.IPMask(ip).Size()
	return bits
}

func computerName(machine string, name types.BaseCustomizationName) string {
	switch n := name.(type) {
	case *types.CustomizationFixedName:
		return n.Name
	case *types.CustomizationPrefixName:
		return n.Base
	}
	return machine
}

// customized reports a customisation as done when the guest that it waited for has started.
func (s *Sim) customized(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	m, ok := s.machine(vm.Self)
	if !ok || m.identity == nil || !m.identity.pending {
		return
	}
	id := *m.identity
	id.pending = false
	s.updateMachine(vm.Self, func(m *machine) { m.identity = &id })
	ctx.WithLock(vm, func() {
		ctx.Update(vm, []types.PropertyChange{{Name: "config.tools.pendingCustomization", Val: ""}})
	})
	e := types.CustomizationEvent{VmEvent: s.vmEvent(ctx, m)}
	s.post(&types.CustomizationStartedEvent{CustomizationEvent: e}, &types.CustomizationSucceeded{CustomizationEvent: e})
}
