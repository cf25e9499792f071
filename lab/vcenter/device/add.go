package device

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"vsphere-ha/lab/vcenter/deep"
)

// add takes a new device in. Controllers are placed at once, so that later changes may refer to them; what is attached to
// one waits until all changes are known.
func (p *plan) add(index int, spec types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	key := spec.Device.GetVirtualDevice().Key
	if existing := p.standard(spec.Device); existing != nil {
		p.renamed[key] = existing.GetVirtualDevice().Key
		if _, ok := spec.Device.(*types.VirtualMachineVideoCard); ok {
			spec.Device.GetVirtualDevice().Key = existing.GetVirtualDevice().Key
			return p.edit(index, spec)
		}
		return nil
	}
	if c, ok := spec.Device.(types.BaseVirtualController); ok {
		return p.addController(index, c.GetVirtualController(), spec)
	}
	p.late = append(p.late, pending{index, spec})
	return nil
}

// standard finds the device that every machine has from the start, and that a client adds nevertheless.
func (p *plan) standard(d types.BaseVirtualDevice) types.BaseVirtualDevice {
	k := kindOf(d, nil)
	i := slices.IndexFunc(p.devices, func(have types.BaseVirtualDevice) bool {
		switch k {
		case ide:
			return kindOf(have, nil) == ide && busOf(have) == busOf(d)
		case builtIn, videoCard, vmci:
			return sameType(have, d)
		}
		return false
	})
	if i < 0 {
		return nil
	}
	return p.devices[i]
}

func busOf(d types.BaseVirtualDevice) int32 {
	return d.(types.BaseVirtualController).GetVirtualController().BusNumber
}

func (p *plan) addController(index int, c *types.VirtualController, spec types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	k := kindOf(spec.Device, nil)
	for _, d := range p.devices {
		if kindOf(d, nil).numbered(k) && busOf(d) == c.BusNumber {
			return invalid(index, "device.busNumber")
		}
	}
	if c.BusNumber < 0 || k.buses > 0 && c.BusNumber >= k.buses {
		return invalid(index, "device.busNumber")
	}
	key := c.Key
	c.Key = p.freeKey(k, k.firstKey+c.BusNumber)
	p.renamed[key] = c.Key
	c.Device = nil
	if k != ide && k != builtIn {
		c.ControllerKey, c.UnitNumber = pciController, nil
	}
	if s, ok := spec.Device.(types.BaseVirtualSCSIController); ok {
		s := s.GetVirtualSCSIController()
		s.ScsiCtlrUnitNumber, s.HotAddRemove = 7, types.NewBool(true)
		if s.SharedBus == "" {
			s.SharedBus = types.VirtualSCSISharingNoSharing
		}
	}
	p.label(spec.Device, k, int(c.BusNumber))
	p.take(spec)
	return nil
}

func (p *plan) take(spec types.VirtualDeviceConfigSpec) {
	p.devices = append(p.devices, spec.Device)
	p.added = append(p.added, &spec)
}

// place gives a device its controller, its slot there, its key and its label.
func (p *plan) place(index int, spec types.VirtualDeviceConfigSpec) types.BaseMethodFault {
	v := spec.Device.GetVirtualDevice()
	if k, ok := p.renamed[v.ControllerKey]; ok && v.ControllerKey != 0 {
		v.ControllerKey = k
	}
	k := p.kindOf(spec.Device)
	if k == adapter && v.ControllerKey == 0 {
		v.ControllerKey = pciController
	}
	if isSlotted(spec.Device) {
		if fault := p.slot(index, spec.Device, k); fault != nil {
			return fault
		}
	}
	k = p.kindOf(spec.Device)
	v.Key = p.freeKey(k, p.naturalKey(k, v))
	p.label(spec.Device, k, p.countLike(k))
	complete(spec.Device)
	p.take(spec)
	return nil
}

// Slots of network adapters on the PCI bus; a machine takes ten (vSphere Configuration Maximums).
const firstAdapterSlot, adapters = 7, 10

func (p *plan) slot(index int, d types.BaseVirtualDevice, k *kind) types.BaseMethodFault {
	v := d.GetVirtualDevice()
	first, count, reserved := int32(0), int32(0), int32(-1)
	if k == adapter {
		first, count = firstAdapterSlot, adapters
		if v.UnitNumber != nil && (*v.UnitNumber < first || p.occupied(v.ControllerKey, *v.UnitNumber)) {
			v.UnitNumber = nil // clients number adapters as they like; the server gives them their slots
		}
	} else {
		if v.ControllerKey == 0 {
			v.ControllerKey = p.someController(d)
		}
		i := p.find(v.ControllerKey)
		if i < 0 || v.ControllerKey == 0 {
			return invalid(index, "device.controllerKey")
		}
		parent := kindOf(p.devices[i], nil)
		count, reserved = parent.slots, parent.reserved
	}
	if v.UnitNumber == nil || *v.UnitNumber < 0 {
		for n := first; n < first+count; n++ {
			if n != reserved && !p.occupied(v.ControllerKey, n) {
				v.UnitNumber = &n
				return nil
			}
		}
		return invalid(index, "device.unitNumber")
	}
	if n := *v.UnitNumber; n >= first+count || n == reserved || p.occupied(v.ControllerKey, n) {
		return invalid(index, "device.unitNumber")
	}
	return nil
}

// someController is where a drive goes that names no controller: the first IDE one with room for it.
func (p *plan) someController(d types.BaseVirtualDevice) int32 {
	if _, ok := d.(*types.VirtualCdrom); !ok {
		return 0
	}
	for _, c := range p.devices {
		if kindOf(c, nil) == ide {
			if key := c.GetVirtualDevice().Key; !p.occupied(key, 0) || !p.occupied(key, 1) {
				return key
			}
		}
	}
	return 0
}

func (p *plan) occupied(controller, unit int32) bool {
	return slices.ContainsFunc(p.devices, func(d types.BaseVirtualDevice) bool {
		v := d.GetVirtualDevice()
		return isSlotted(d) && v.ControllerKey == controller && v.UnitNumber != nil && *v.UnitNumber == unit
	})
}

func (p *plan) naturalKey(k *kind, v *types.VirtualDevice) int32 {
	switch {
	case k == adapter:
		return k.firstKey + *v.UnitNumber - firstAdapterSlot
	case k.stride > 0:
		return k.firstKey + k.stride*busOf(p.devices[p.find(v.ControllerKey)]) + *v.UnitNumber
	}
	return k.firstKey
}

// freeKey is the key, or the next above the family's range that no device has.
func (p *plan) freeKey(k *kind, key int32) int32 {
	if p.find(key) < 0 {
		return key
	}
	for key = k.firstKey; p.find(key) >= 0; key++ {
	}
	return key
}

func (p *plan) countLike(k *kind) int {
	n := 0
	for _, d := range p.devices {
		if p.kindOf(d).numbered(k) {
			n++
		}
	}
	return n
}

// label names a device as the vSphere Client shows it, with the first number from n on that is free.
func (p *plan) label(d types.BaseVirtualDevice, k *kind, n int) {
	title := k.title(n)
	for taken := true; taken; {
		taken = slices.ContainsFunc(p.devices, func(have types.BaseVirtualDevice) bool {
			info := have.GetVirtualDevice().DeviceInfo
			return info != nil && info.GetDescription().Label == title
		})
		if taken {
			n++
			title = k.title(n)
		}
	}
	d.GetVirtualDevice().DeviceInfo = &types.Description{Label: title}
}

// complete sets what vCenter sets on new devices and clients may leave out.
func complete(d types.BaseVirtualDevice) {
	switch x := d.(type) {
	case *types.VirtualDisk:
		if x.CapacityInBytes == 0 {
			x.CapacityInBytes = x.CapacityInKB << 10
		}
		x.CapacityInKB = x.CapacityInBytes >> 10
		if x.Shares == nil {
			x.Shares = &types.SharesInfo{Shares: 1000, Level: types.SharesLevelNormal}
		}
		if x.StorageIOAllocation == nil {
			x.StorageIOAllocation = &types.StorageIOAllocationInfo{Limit: types.NewInt64(-1), Shares: deep.Copy(x.Shares), Reservation: types.NewInt32(0)}
		}
		if b, ok := x.Backing.(*types.VirtualDiskFlatVer2BackingInfo); ok && b.DiskMode == "" {
			b.DiskMode = string(types.VirtualDiskModePersistent)
		}
	case *types.VirtualCdrom:
		if b, ok := x.Backing.(*types.VirtualCdromRemoteAtapiBackingInfo); ok && b.UseAutoDetect == nil {
			b.UseAutoDetect = types.NewBool(false)
		}
	case types.BaseVirtualEthernetCard:
		c := x.GetVirtualEthernetCard()
		if c.AddressType == "" {
			c.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
			if c.MacAddress != "" {
				c.AddressType = string(types.VirtualEthernetCardMacTypeManual)
			}
		}
		if c.WakeOnLanEnabled == nil {
			c.WakeOnLanEnabled = types.NewBool(true)
		}
	}
	v := d.GetVirtualDevice()
	if _, connects := connectable(d); connects && v.Connectable == nil {
		v.Connectable = &types.VirtualDeviceConnectInfo{StartConnected: true, Connected: true, AllowGuestControl: true, Status: "untried"}
	}
}

func connectable(d types.BaseVirtualDevice) (*types.VirtualDeviceConnectInfo, bool) {
	switch d.(type) {
	case types.BaseVirtualEthernetCard, *types.VirtualCdrom, *types.VirtualFloppy, *types.VirtualSerialPort, *types.VirtualParallelPort:
		return d.GetVirtualDevice().Connectable, true
	}
	return nil, false
}
